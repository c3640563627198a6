/* Signing by a key that stays in Vault. */
#include "kernel/program/vault/sign.h"

#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "identity/key.h"
#include "kernel/program/vault/vault_internal.h"

void vault_signer_cleanup(struct vault_signer *signer)
{
	key_cleanup(&signer->key);
	signer->key = NULL;
}

/* Of those that Vault still has, and would verify. */
static int take_newest(const json_t *keys, struct vault_signer *signer, struct error *err)
{
	const char *text = "";
	const json_t *key;
	size_t i;

	json_array_foreach(keys, i, key)
	{
		if (json_get_int(key, "version", 0) <= signer->version)
			continue;
		signer->version = json_get_int(key, "version", 0);
		text = json_get_text(key, "key", "");
	}
	if (!signer->version)
		return error_set(err, -ENOKEY, "the transit key '%s' has no version that signs",
				 signer->source.name);
	signer->key = key_parse(text, strlen(text), err);
	if (!signer->key)
		return err->code;
	signer->is_ecdsa = key_is(signer->key, KEY_EC_P256);
	return 0;
}

int vault_find_signer(const struct vault_wire *wire, const struct vault_settings *settings,
		      struct vault_signer *signer_out, struct error *err)
{
	CLEANUP(errand) struct errand errand = { 0 };
	CLEANUP(json) json_t *answer = NULL, *keys = NULL;
	char why[ERROR_TEXT_BYTES];

	if (errand_begin(&errand, wire, settings, err) < 0)
		return err->code;
	answer = errand_ask(&errand, signer_out->source.path, NULL, err);
	if (!answer && !err->code)
		return error_set(err, -ENOENT, "Vault has no transit key '%s'",
				 signer_out->source.name);
	if (answer)
		keys = vault_answer_keys(answer, &signer_out->source, why, err);
	return keys ? take_newest(keys, signer_out, err) : err->code;
}

/* As 'trust_sign' does: the bytes themselves, which Vault hashes for ECDSA. */
static json_t *make_request(const struct vault_signer *signer, struct str bytes)
{
	CLEANUP(text) char *input = base64_text(bytes.data, bytes.len);
	json_t *request = json_pack("{s:s, s:I, s:b}", "input", input, "key_version",
				    (json_int_t)signer->version, "prehashed", 0);

	if (signer->is_ecdsa) {
		json_put(request, "hash_algorithm", json_string("sha2-256"));
		json_put(request, "marshaling_algorithm", json_string("asn1"));
	}
	return request;
}

/* Where the mount ends, which may have a part of that name itself. */
static const char *find_mount_end(const char *path)
{
	const char *found = strstr(path, "/keys/"), *next;

	while ((next = strstr(found + 1, "/keys/")))
		found = next;
	return found;
}

static int ask(const struct vault_wire *wire, const struct vault_settings *settings,
	       const struct vault_signer *signer, struct str bytes, struct buf *out,
	       struct error *err)
{
	CLEANUP(errand) struct errand errand = { 0 };
	CLEANUP(json) json_t *request = make_request(signer, bytes), *answer = NULL;
	CLEANUP(text) char *body = json_canonical(request);
	const char *mount_end = find_mount_end(signer->source.path);
	char path[VAULT_PATH_BYTES];

	text_format(path, sizeof(path), "%.*s/sign/%s", (int)(mount_end - signer->source.path),
		    signer->source.path, mount_end + strlen("/keys/"));
	if (errand_begin(&errand, wire, settings, err) < 0)
		return err->code;
	answer = errand_ask(&errand, path, body, err);
	if (!answer && !err->code)
		return error_set(err, -ENOENT, "Vault has no '%s'", path);
	return answer ? vault_answer_signature(answer, signer->version, out, err) : err->code;
}

int vault_sign(const struct vault_wire *wire, const struct vault_settings *settings,
	       const struct vault_signer *signer, struct str bytes, struct buf *signature_out,
	       struct error *err)
{
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	char line[KEY_TEXT_BYTES];
	struct error other = { 0 };

	if (ask(wire, settings, signer, bytes, signature_out, err) < 0)
		return err->code;
	(void)key_text(signer->key, line);
	if (trust_add(&trust, line, strlen(line), err) < 0)
		return err->code;
	if (!trust_verify(&trust, bytes,
			  (struct str) { buf_text(signature_out), signature_out->len }, &other))
		return error_set(err, -EBADE, "what Vault signed is not by the key '%s' it names",
				 signer->source.name);
	return 0;
}
