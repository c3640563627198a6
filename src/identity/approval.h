/*
 * Approvals that travel: a person's signature under one call, with one host's nonce.
 *
 * The signed statement is {"domain":"constable.approval.v1","org","host","tool",
 * "args_sha256","call_id","nonce","lifetime_s","approver"}, sealed as in
 * statement.h, by the approver's own Ed25519 key. The warden finds that key in
 * the org's approver list, which the org's root key signed. The nonce comes from
 * the warden and is good once; its lifetime counts boot time from when it was given.
 */
#pragma once

#include "identity/approvers.h"
#include "identity/certificate.h"
#include "identity/token.h"

#define APPROVAL_MAX_LIFETIME_S 86400
#define APPROVAL_TOOL_BYTES 65
#define APPROVAL_CALL_ID_BYTES 65

struct approval {
	char org[CERTIFICATE_ID_BYTES];
	char host[CERTIFICATE_ID_BYTES]; /* the agent's id */
	char tool[APPROVAL_TOOL_BYTES];
	char args_sha256[TOKEN_HASH_BYTES]; /* of the exact argument bytes that will run */
	char call_id[APPROVAL_CALL_ID_BYTES];
	char nonce[NONCE_TEXT_BYTES];
	char approver[APPROVER_NAME_BYTES];
	uint64_t lifetime_s; /* 1 to APPROVAL_MAX_LIFETIME_S */
};

/*
 * The sealed approval, a new reference, or NULL with 'err' (-EINVAL) where a member is
 * not what its type allows.
 */
json_t *approval_sign(const struct approval *approval, EVP_PKEY *key, struct error *err);

/*
 * Opens a sealed approval whose approver is in the list and signed exactly it.
 * Codes: -EBADMSG -E2BIG -EPROTOTYPE (form), -EACCES (no such approver), -EBADE (signature).
 */
int approval_verify(const json_t *sealed, const struct approvers *approvers,
		    struct approval *approval_out, struct error *err) MUST_CHECK;

/* The sealed form's members without any proof, to show what waits. Codes as above. */
int approval_parse(const json_t *sealed, struct approval *approval_out,
		   struct error *err) MUST_CHECK;

/*
 * Whether a verified approval is for exactly the wanted call, and still good:
 * -EACCES with what differs, -ETIME when it is too late. 'wanted' has every member
 * but approver and lifetime_s; 'age_ns' is the nonce's age in boot time.
 */
int approval_check(const struct approval *approval, const struct approval *wanted, uint64_t age_ns,
		   struct error *err) MUST_CHECK;
