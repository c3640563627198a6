/*
 * Proof of the old key: how a host whose certificate expired while it slept asks for another.
 *
 * {"domain":"constable.renew.v1","agent","csr_sha256","server_nonce","time"}, sealed as in
 * statement.h with the key of the old certificate. The server's nonce, good once
 * and for a short time, makes it fresh; 'time' is the host's clock and only for people.
 */
#pragma once

#include "base/clock.h"
#include "identity/certificate.h"
#include "identity/statement.h"
#include "identity/token.h"

struct renewal {
	char agent[CERTIFICATE_ID_BYTES];
	char csr_sha256[TOKEN_HASH_BYTES]; /* token_hash() of the request's exact bytes as sent */
	char server_nonce[NONCE_TEXT_BYTES];
	char time[CLOCK_TEXT_BYTES];
};

/* The sealed proof, a new reference, or NULL with -EINVAL. */
json_t *renewal_sign(const struct renewal *renewal, EVP_PKEY *key, struct error *err);

/*
 * 0 if 'key' signed a proof for exactly the wanted agent, request and nonce ('time' of
 * 'wanted' is not looked at). Codes as statement_open(); -EACCES with what differs.
 */
int renewal_verify(const json_t *sealed, EVP_PKEY *key, const struct renewal *wanted,
		   struct error *err) MUST_CHECK;
