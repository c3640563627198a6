/*
 * Statements: JSON objects that somebody signed.
 *
 * Sealed, one is {"statement": TEXT, "signature": BASE64}: TEXT is the canonical
 * JSON of the statement, and exactly its bytes are signed (Ed25519, or ECDSA with
 * SHA-256 by an agent's P-256 key), so nothing depends on how anybody writes JSON.
 * Each has a member "domain" that says what it is; a statement made for one
 * purpose is refused for every other. TEXT that is not in canonical form is refused.
 */
#pragma once

#include <openssl/types.h>

#include "base/json.h"

#define STATEMENT_MAX_BYTES (64 * KIB)

/* A new reference; never NULL. 'statement' has its domain; 'key' is a private one. */
json_t *statement_seal(const json_t *statement, EVP_PKEY *key);

/*
 * The statement inside, unverified: for finding out whose key to ask for. A new
 * reference, or NULL with 'err' (-EBADMSG, -E2BIG; -EPROTOTYPE for another domain).
 */
json_t *statement_peek(const json_t *sealed, const char *domain, struct error *err);

/* 0 if 'key' signed exactly these bytes, else -EBADE. */
int statement_verify(const json_t *sealed, EVP_PKEY *key, struct error *err) MUST_CHECK;

/* Verifies, then gives the statement inside; a new reference, or NULL with 'err'. */
json_t *statement_open(const json_t *sealed, const char *domain, EVP_PKEY *key, struct error *err);
