/*
 * Proof of what a model says: each claim {"says", "evidence", "quote"} is looked up.
 *
 * A quote stands where its bytes are in the evidence, or where they are as JSON writes a
 * string (a model reads past escapes). One that is too short to mean anything proves
 * nothing, nor does one that is itself an instruction to the reader.
 */
#pragma once

#include "investigation/ledger.h"

#define PROOF_MAX_CLAIMS 24
#define PROOF_QUOTE_MIN_BYTES 4
#define PROOF_QUOTE_MAX_BYTES 1024

/* Why a claim proves nothing, or NULL if it does. */
const char *proof_fault(const struct ledger *ledger, const json_t *claim);

/* [{"says", "evidence", "quote", "proven", "why"?}] of what a model submitted; new. */
json_t *proof_claims(const struct ledger *ledger, const json_t *claims);
size_t proof_count(const json_t *claims);
