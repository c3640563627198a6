/*
 * Standing grants: an approver's signature under calls that are yet to come.
 *
 * The statement is {"domain":"constable.grant.v1","org","grant","approver","tool",
 * "arguments":{NAME: PATTERN},"hosts":[ID...],"uses","expires_s"}, sealed as in statement.h,
 * by a key of the org's list of approvers. "uses" is how often on each host, which counts for
 * itself; "expires_s" is since the epoch, by the host's clock. Every argument of a call needs
 * its pattern: the same text (other values: as canonical JSON), where a star stands for plain
 * characters (letters, digits, "._-+=@:,"), so for no blank, no slash and nothing of a shell's;
 * or one star alone, for anything.
 *
 * A revocation is {"domain":"constable.grant-revocation.v1","org","grant","approver",
 * "expires_s"}, by any approver: "expires_s" is the grant's, for how long it has to be kept.
 */
#pragma once

#include "identity/approvers.h"

#define GRANT_MAX_HOSTS 500
#define GRANT_MAX_USES 100000
#define GRANT_MAX_LIFE_S (31 * 86400)
#define GRANT_TOOL_BYTES 65

struct grant {
	char org[CERTIFICATE_ID_BYTES];
	char grant[CERTIFICATE_ID_BYTES]; /* its id */
	char approver[APPROVER_NAME_BYTES];
	char tool[GRANT_TOOL_BYTES];
	uint64_t uses; /* 1 to GRANT_MAX_USES */
	uint64_t expires_s;
	json_t *arguments; /* owned */
	json_t *hosts;     /* owned */
};

void grant_finish(struct grant *grant);
void grant_cleanup(struct grant *grant);

/* The sealed grant, a new reference, or NULL with -EINVAL. */
json_t *grant_sign(const struct grant *grant, EVP_PKEY *key, struct error *err);

/* Fills 'grant_out' without any proof. Codes as approval_parse(). */
int grant_parse(const json_t *sealed, struct grant *grant_out, struct error *err) MUST_CHECK;
/* The same of one that its approver, who is in the list, signed. Codes as approval_verify(). */
int grant_verify(const json_t *sealed, const struct approvers *approvers, struct grant *grant_out,
		 struct error *err) MUST_CHECK;

struct grant_call {
	const char *org, *host, *tool;
	const json_t *args; /* an object */
	uint64_t now_s;
};

/* -EACCES with what it does not cover, -ETIME when it is over. */
int grant_check(const struct grant *grant, const struct grant_call *call,
		struct error *err) MUST_CHECK;

struct revocation {
	char org[CERTIFICATE_ID_BYTES];
	char grant[CERTIFICATE_ID_BYTES];
	char approver[APPROVER_NAME_BYTES];
	uint64_t expires_s;
};

json_t *revocation_sign(const struct revocation *revocation, EVP_PKEY *key, struct error *err);
int revocation_parse(const json_t *sealed, struct revocation *revocation_out,
		     struct error *err) MUST_CHECK;
int revocation_verify(const json_t *sealed, const struct approvers *approvers,
		      struct revocation *revocation_out, struct error *err) MUST_CHECK;
