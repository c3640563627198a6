/*
 * What Vault answers: foreign JSON, of which these take what they need.
 *
 *	KV 2	{"data":{"data":{FIELD: VALUE}, "metadata":{...}}}
 *	KV 1	{"data":{FIELD: VALUE}}
 *	transit	{"data":{"type", "keys":{VERSION: {"public_key"}}, "min_decryption_version",
 *		"min_available_version", "latest_version", "derived"}}
 *	token	{"data":{"ttl", "expire_time", "renewable"}} of lookup-self,
 *		{"auth":{"lease_duration", "renewable"}} of renew-self
 *	sign	{"data":{"signature", "key_version"}}
 *	failure	{"errors":[TEXT]}
 * (developer.hashicorp.com/vault/api-docs)
 */
#pragma once

#include "base/json.h"
#include "kernel/program/vault/vault.h"

/* NULL with 'err' (-EBADMSG) where it is no JSON object. */
json_t *vault_answer_parse(const char *text, size_t len, struct error *err);

/* Whether it is Vault that says so: "errors", or a secret that was deleted. */
bool vault_answer_is_absence(const json_t *answer);
/* What it says of a failure, printable, or "". */
const char *vault_answer_why(const json_t *answer, char text_out[ERROR_TEXT_BYTES]);

/*
 * The public keys of the answer: [{"key": Base64 of its SubjectPublicKeyInfo, "id", "version"?}],
 * each one that trust_add() takes. 'why_out' is "", or says what was left out; no key counts but
 * those of the array. NULL with 'err' (-EBADMSG) where it is no such answer. -EKEYREJECTED for a
 * transit key of a type that signs no programs.
 */
json_t *vault_answer_keys(const json_t *answer, const struct vault_source *source,
			  char why_out[ERROR_TEXT_BYTES], struct error *err);

struct vault_ttl {
	uint64_t ttl_s; /* 0: it never ends */
	bool is_renewable;
};

int vault_answer_token(const json_t *answer, struct vault_ttl *ttl_out,
		       struct error *err) MUST_CHECK;

/* The raw bytes of a signature by that version. */
int vault_answer_signature(const json_t *answer, int64_t version, struct buf *out,
			   struct error *err) MUST_CHECK;
