/*
 * Who may approve in an org: a list signed by the org's root key, which is kept offline.
 *
 * The statement is {"domain":"constable.approvers.v1","org","sequence","approvers":
 * [{"name","key"}]}, sealed as in statement.h; keys are key_text() of Ed25519 keys. A member
 * "author_may_approve": true lets who asked for a call approve it too. Wardens
 * pin the root and take a list only with a higher sequence than the one they have, so
 * that nobody can bring back an approver who was removed.
 */
#pragma once

#include <openssl/types.h>

#include "base/json.h"
#include "identity/certificate.h"

#define APPROVERS_MAX 64
#define APPROVER_NAME_BYTES 129 /* an e-mail address as a rule: printable ASCII, no blanks */

struct approver {
	char name[APPROVER_NAME_BYTES];
	EVP_PKEY *key; /* the public half */
};

struct approvers {
	char org[CERTIFICATE_ID_BYTES];
	uint64_t sequence; /* from 1 */
	bool author_may_approve;
	struct approver *list;
	size_t n;
};

/* 1 to APPROVER_NAME_BYTES - 1 printable ASCII characters without blanks. */
bool approver_is_name(const char *text);

void approvers_finish(struct approvers *approvers);
void approvers_cleanup(struct approvers *approvers);

/* Copies name and key. -EINVAL for a bad name or key, -EEXIST, -ENOSPC beyond APPROVERS_MAX. */
int approvers_add(struct approvers *approvers, const char *name, EVP_PKEY *key,
		  struct error *err) MUST_CHECK;

/* The key of that name, borrowed, or NULL. */
EVP_PKEY *approvers_find(const struct approvers *approvers, const char *name);

/* The sealed list, a new reference, or NULL with 'err' where org or sequence are not set. */
json_t *approvers_sign(const struct approvers *approvers, EVP_PKEY *root, struct error *err);

/*
 * What is accepted of a sealed list: of this org, by this root, with at least that
 * sequence: one more than the list in force when a new one comes, 0 when reading
 * back one's own. Fills 'approvers_out'. Codes as statement_open(); -EACCES for another
 * org, -ESTALE for a lower sequence.
 */
struct approvers_rule {
	const char *org;
	EVP_PKEY *root;
	uint64_t least_sequence;
};

int approvers_verify(const json_t *sealed, const struct approvers_rule *rule,
		     struct approvers *approvers_out, struct error *err) MUST_CHECK;

/*
 * Of "ID/NAME" on whose behalf a call is made: whether NAME need not be the name of a person, so
 * that nobody can tell whether another one approves it. IDs of access tokens begin so, unless a
 * claim of theirs names their person (server/api/oauth.h).
 */
#define AUTHOR_NAMELESS "oauth_"
#define AUTHOR_PERSON "person_" /* whose claim names him: by that name alone he is known */
bool author_is_nameless(const char *on_behalf);
bool author_is_person(const char *on_behalf);
