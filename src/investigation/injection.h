/*
 * Evidence that speaks to the reader: text in logs, names and annotations that looks like
 * instructions to a model.
 *
 * A detector that warns and never decides: nothing that a host says can widen what a call
 * may do. Text is read as a model might: invisible characters removed, look-alike letters
 * folded, Base64, hex, percent signs, entities and escapes decoded; then phrases of several
 * languages, forged roles and tool calls are looked for.
 */
#pragma once

#include "investigation/ledger.h"

#define INJECTION_MAX_WARNINGS 32
#define INJECTION_EXCERPT_BYTES 160

/* What a text is suspected of ("asks to ignore instructions"), or NULL. */
const char *injection_find(struct str text);

/*
 * Every suspicious string of the ledger, keys too: [{"kind": "injection", "evidence", "what",
 * "excerpt"}]; a new reference.
 */
json_t *injection_warnings(const struct ledger *ledger);
