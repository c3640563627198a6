/*
 * Anchors: the server's signature under the head of a host's audit log.
 *
 * {"domain":"constable.anchor.v1","org","agent","seq","head","time"}, sealed as in
 * statement.h by the server's Ed25519 key. Whoever changes the log before an
 * anchor, or cuts it off there, cannot make the anchor fit again.
 */
#pragma once

#include "base/clock.h"
#include "identity/certificate.h"
#include "identity/statement.h"
#include "identity/token.h"

struct anchor {
	char org[CERTIFICATE_ID_BYTES];
	char agent[CERTIFICATE_ID_BYTES];
	uint64_t seq;                /* of the last line it covers */
	char head[TOKEN_HASH_BYTES]; /* that line's hash */
	char time[CLOCK_TEXT_BYTES]; /* the server's, as clock_format() writes it */
};

/* The sealed anchor, a new reference, or NULL with -EINVAL. */
json_t *anchor_sign(const struct anchor *anchor, EVP_PKEY *key, struct error *err);

/* Fills 'anchor_out' from one that 'key' signed. Codes as statement_open(). */
int anchor_verify(const json_t *sealed, EVP_PKEY *key, struct anchor *anchor_out,
		  struct error *err) MUST_CHECK;
