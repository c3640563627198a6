#include "identity/approval.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "identity/identity_internal.h"
#include "identity/key.h"
#include "identity/statement.h"

static const struct record_field fields[] = {
	RECORD_TEXT(struct approval, org, certificate_is_id),
	RECORD_TEXT(struct approval, host, certificate_is_id),
	RECORD_TEXT(struct approval, tool, certificate_is_id),
	RECORD_TEXT(struct approval, args_sha256, text_is_sha256),
	RECORD_TEXT(struct approval, call_id, certificate_is_id),
	RECORD_TEXT(struct approval, nonce, nonce_is),
	RECORD_TEXT(struct approval, approver, approver_is_name),
	RECORD_NUMBER(struct approval, lifetime_s),
	{ .name = NULL },
};

static const struct record record = { "constable.approval.v1", fields };

static bool is_lifetime(uint64_t lifetime_s)
{
	return lifetime_s >= 1 && lifetime_s <= APPROVAL_MAX_LIFETIME_S;
}

json_t *approval_sign(const struct approval *approval, EVP_PKEY *key, struct error *err)
{
	CLEANUP(json) json_t *statement = record_format(&record, approval, err);

	if (!statement)
		return NULL;
	if (!is_lifetime(approval->lifetime_s) || !key_is(key, KEY_ED25519)) {
		error_set(err, -EINVAL, "an approval lives 1 to %d s and is signed with Ed25519",
			  APPROVAL_MAX_LIFETIME_S);
		return NULL;
	}
	return statement_seal(statement, key);
}

int approval_parse(const json_t *sealed, struct approval *approval_out, struct error *err)
{
	CLEANUP(json) json_t *statement = statement_peek(sealed, record.domain, err);
	struct approval approval = { 0 };

	if (!statement || record_read(&record, statement, &approval, err) < 0)
		return err->code;
	if (!is_lifetime(approval.lifetime_s))
		return error_set(err, -EBADMSG, "an approval lives 1 to %d s",
				 APPROVAL_MAX_LIFETIME_S);
	*approval_out = approval;
	return 0;
}

int approval_verify(const json_t *sealed, const struct approvers *approvers,
		    struct approval *approval_out, struct error *err)
{
	struct approval approval;
	EVP_PKEY *key;
	int r = approval_parse(sealed, &approval, err);

	if (r < 0)
		return r;
	key = approvers_find(approvers, approval.approver);
	if (!key || strcmp(approval.org, approvers->org) != 0)
		return error_set(err, -EACCES, "'%s' may not approve for org '%s'",
				 approval.approver, approval.org);
	r = statement_verify(sealed, key, err);
	if (r == 0)
		*approval_out = approval;
	return r;
}

int approval_check(const struct approval *approval, const struct approval *wanted, uint64_t age_ns,
		   struct error *err)
{
	int r = record_compare(&record, approval, wanted, "approver", err);

	if (r < 0)
		return error_wrap(err, "the approval");
	if (age_ns >= approval->lifetime_s * NS_PER_SEC)
		return error_set(err, -ETIME,
				 "the approval has expired: its lifetime was %" PRIu64 " s",
				 approval->lifetime_s);
	return 0;
}
