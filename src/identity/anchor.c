#include "identity/anchor.h"

#include "identity/identity_internal.h"

static const struct record_field fields[] = {
	RECORD_TEXT(struct anchor, org, certificate_is_id),
	RECORD_TEXT(struct anchor, agent, certificate_is_id),
	RECORD_NUMBER(struct anchor, seq),
	RECORD_TEXT(struct anchor, head, text_is_sha256),
	RECORD_TEXT(struct anchor, time, text_is_time),
	{ .name = NULL },
};

static const struct record record = { "constable.anchor.v1", fields };

json_t *anchor_sign(const struct anchor *anchor, EVP_PKEY *key, struct error *err)
{
	CLEANUP(json) json_t *statement = record_format(&record, anchor, err);

	return statement ? statement_seal(statement, key) : NULL;
}

int anchor_verify(const json_t *sealed, EVP_PKEY *key, struct anchor *anchor_out, struct error *err)
{
	CLEANUP(json) json_t *statement = statement_open(sealed, record.domain, key, err);
	struct anchor anchor = { 0 };

	if (!statement || record_read(&record, statement, &anchor, err) < 0)
		return err->code;
	*anchor_out = anchor;
	return 0;
}
