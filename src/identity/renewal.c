#include "identity/renewal.h"

#include "identity/identity_internal.h"

static const struct record_field fields[] = {
	RECORD_TEXT(struct renewal, agent, certificate_is_id),
	RECORD_TEXT(struct renewal, csr_sha256, text_is_sha256),
	RECORD_TEXT(struct renewal, server_nonce, nonce_is),
	RECORD_TEXT(struct renewal, time, text_is_time),
	{ .name = NULL },
};

static const struct record record = { "constable.renew.v1", fields };

json_t *renewal_sign(const struct renewal *renewal, EVP_PKEY *key, struct error *err)
{
	CLEANUP(json) json_t *statement = record_format(&record, renewal, err);

	return statement ? statement_seal(statement, key) : NULL;
}

int renewal_verify(const json_t *sealed, EVP_PKEY *key, const struct renewal *wanted,
		   struct error *err)
{
	CLEANUP(json) json_t *statement = statement_open(sealed, record.domain, key, err);
	struct renewal renewal = { 0 };

	if (!statement || record_read(&record, statement, &renewal, err) < 0)
		return err->code;
	return record_compare(&record, &renewal, wanted, "time", err);
}
