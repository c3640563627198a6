/* What Vault answers, or whoever stands in its place: keys that signatures can be held against, or
 * a sentence. And what an administrator may write of it. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/schema.h"
#include "kernel/program/vault/answer.h"

static void check_keys(const json_t *answer, enum vault_kind kind, const char *field)
{
	struct vault_source source = { .kind = kind };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	char why[ERROR_TEXT_BYTES];
	struct error err = { 0 };
	json_t *keys, *key;
	size_t i;

	text_copy(source.field, sizeof(source.field), field);
	keys = vault_answer_keys(answer, &source, why, &err);
	assert(keys || (err.code < 0 && err.text[0]));
	assert(json_array_size(keys) <= VAULT_MAX_KEYS);
	json_array_foreach(keys, i, key)
	{
		const char *text = json_get_text(key, "key", "");

		assert(trust_add(&trust, text, strlen(text), &err) == 0);
		assert(strcmp(trust.keys[i].id, json_get_text(key, "id", "")) == 0);
	}
	json_decref(keys);
}

static void check_settings(const json_t *document)
{
	static const struct vault_environment environment = { .token = "t" };
	CLEANUP(json) json_t *schema = NULL;
	struct vault_settings settings;
	struct error err = { 0 };

	schema = json_parse(VAULT_SCHEMA, sizeof(VAULT_SCHEMA) - 1, sizeof(VAULT_SCHEMA), &err);
	assert(schema);
	/* As limits_parse() does; files are not of this. */
	if (schema_check(schema, document, &err) < 0 || json_object_get(document, "ca") ||
	    json_object_get(document, "client") || json_object_get(document, "token_file"))
		return;
	err = (struct error) { 0 };
	if (vault_settings_read(&settings, document, &environment, &err) == 0)
		assert(settings.n_sources && !strstr(settings.sources[0].path, ".."));
	vault_settings_finish(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf) struct buf signature = { 0 };
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = vault_answer_parse((const char *)data, size, &err);
	char why[ERROR_TEXT_BYTES];
	struct vault_ttl ttl;

	if (!answer) {
		assert(err.code < 0 && err.text[0]);
		return 0;
	}
	(void)vault_answer_is_absence(answer);
	for (const char *at = vault_answer_why(answer, why); *at; at++)
		assert(*at >= ' ' && *at <= '~');
	check_keys(answer, VAULT_KV, "");
	check_keys(answer, VAULT_KV, "field");
	check_keys(answer, VAULT_TRANSIT, "");
	if (vault_answer_token(answer, &ttl, &err) == 0)
		assert(ttl.ttl_s < 1000000000);
	buf_init(&signature, 128);
	if (vault_answer_signature(answer, 1, &signature, &err) == 0)
		assert(signature.len <= 128);
	if (json_is_string(json_object_get(answer, "url")))
		check_settings(answer);
	return 0;
}
