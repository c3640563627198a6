/*
 * Evidence in as many bytes as there is room for.
 *
 * What fits is shown whole. Else long lists show their first items and long strings their
 * beginning, and say what is left out; pieces that stand are byte for byte as in the
 * ledger, so that they can be quoted. The ledger keeps everything.
 */
#pragma once

#include "base/buf.h"
#include "investigation/ledger.h"

void digest_put(const struct evidence *evidence, size_t max_bytes, struct buf *out);

/* The same for a value of it. */
void digest_value(const json_t *value, size_t max_bytes, struct buf *out);

/* One line: "e3 read_file {"path":"/x"}: BEGINNING". */
void digest_line(const struct evidence *evidence, size_t max_bytes, struct buf *out);
