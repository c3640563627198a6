#include "identity/key_set.h"

#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/encoding.h"
#include "base/json.h"
#include "identity/key.h"

#define NUMBER_MAX_BYTES 1024
#define COORDINATE_BYTES 32

static const struct {
	const char *name;
	enum key_algorithm algorithm;
} algorithms[] = {
	{ "RS256", KEY_RS256 },
	{ "ES256", KEY_ES256 },
	{ "EdDSA", KEY_EDDSA },
	{ "Ed25519", KEY_EDDSA },
};

bool key_algorithm_from_name(const char *name, enum key_algorithm *algorithm_out)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (strcmp(algorithms[i].name, name) == 0) {
			*algorithm_out = algorithms[i].algorithm;
			return true;
		}
	}
	return false;
}

void key_set_finish(struct key_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		EVP_PKEY_free(set->list[i].key);
	set->n = 0;
}

void key_set_cleanup(struct key_set *set)
{
	key_set_finish(set);
}

/* --- one key ------------------------------------------------------------------------------ */

/* A member's bytes; 'len' of them, or any number where that is 0. */
static bool get_bytes(const json_t *jwk, const char *member, size_t len, struct buf *out)
{
	const char *text = json_get_text(jwk, member, "");

	buf_init(out, NUMBER_MAX_BYTES);
	return base64url_decode(text, strlen(text), out) == 0 && out->len > 0 &&
	       (!len || out->len == len);
}

static EVP_PKEY *make(const char *kind, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1)
		abort();
	(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *make_rsa(const json_t *jwk)
{
	CLEANUP(buf) struct buf modulus = { 0 };
	CLEANUP(buf) struct buf exponent = { 0 };
	OSSL_PARAM_BLD *builder;
	BIGNUM *n, *e;
	EVP_PKEY *key;

	if (!get_bytes(jwk, "n", 0, &modulus) || !get_bytes(jwk, "e", 0, &exponent))
		return NULL;
	builder = OSSL_PARAM_BLD_new();
	n = BN_bin2bn((unsigned char *)modulus.data, (int)modulus.len, NULL);
	e = BN_bin2bn((unsigned char *)exponent.data, (int)exponent.len, NULL);
	if (!builder || !n || !e || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		abort();
	key = make("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *make_ec(const json_t *jwk)
{
	CLEANUP(buf) struct buf x = { 0 };
	CLEANUP(buf) struct buf y = { 0 };
	unsigned char point[1 + 2 * COORDINATE_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *builder;
	EVP_PKEY *key;

	if (strcmp(json_get_text(jwk, "crv", ""), "P-256") != 0 ||
	    !get_bytes(jwk, "x", COORDINATE_BYTES, &x) ||
	    !get_bytes(jwk, "y", COORDINATE_BYTES, &y))
		return NULL;
	memcpy(point + 1, x.data, COORDINATE_BYTES);
	memcpy(point + 1 + COORDINATE_BYTES, y.data, COORDINATE_BYTES);
	builder = OSSL_PARAM_BLD_new();
	if (!builder ||
	    !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
					     0) ||
	    !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
					      sizeof(point)))
		abort();
	key = make("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

static EVP_PKEY *make_okp(const json_t *jwk)
{
	CLEANUP(buf) struct buf x = { 0 };

	if (strcmp(json_get_text(jwk, "crv", ""), "Ed25519") != 0 ||
	    !get_bytes(jwk, "x", COORDINATE_BYTES, &x))
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (unsigned char *)x.data, x.len);
}

static const struct {
	const char *type; /* "kty" */
	enum key_algorithm algorithm;
	EVP_PKEY *(*make)(const json_t *jwk);
} makers[] = {
	{ "RSA", KEY_RS256, make_rsa },
	{ "EC", KEY_ES256, make_ec },
	{ "OKP", KEY_EDDSA, make_okp },
};

/* Whether the key is meant for checking what its kind signs. */
static bool is_for_signatures(const json_t *jwk, enum key_algorithm algorithm)
{
	const json_t *uses = json_object_get(jwk, "key_ops");
	const char *name = json_get_text(jwk, "alg", NULL);
	enum key_algorithm named = algorithm;
	const json_t *use;
	size_t i;

	if (strcmp(json_get_text(jwk, "use", "sig"), "sig") != 0 ||
	    (name && (!key_algorithm_from_name(name, &named) || named != algorithm)))
		return false;
	json_array_foreach(uses, i, use)
	{
		if (json_is_string(use) && strcmp(json_string_value(use), "verify") == 0)
			return true;
	}
	return !uses;
}

/* False for a key that is of no use here. */
static bool read_entry(const json_t *jwk, struct key_set_entry *entry_out)
{
	const char *type = json_get_text(jwk, "kty", "");
	const char *id = json_get_text(jwk, "kid", "");
	struct error ignored = { 0 };
	size_t at = 0;

	while (at < ARRAY_LEN(makers) && strcmp(makers[at].type, type) != 0)
		at++;
	if (at == ARRAY_LEN(makers) || strlen(id) >= KEY_SET_ID_BYTES ||
	    !is_for_signatures(jwk, makers[at].algorithm))
		return false;
	*entry_out = (struct key_set_entry) { .algorithm = makers[at].algorithm,
					      .key = makers[at].make(jwk) };
	text_copy(entry_out->id, sizeof(entry_out->id), id);
	if (!entry_out->key || key_check_foreign(entry_out->key, &ignored) < 0)
		EVP_PKEY_free(TAKE(entry_out->key));
	ERR_clear_error();
	return entry_out->key;
}

/* --- the set ------------------------------------------------------------------------------ */

EVP_PKEY *key_set_find(const struct key_set *set, const char *id, enum key_algorithm algorithm)
{
	EVP_PKEY *found = NULL;

	for (unsigned i = 0; i < set->n; i++) {
		const struct key_set_entry *entry = &set->list[i];

		if (entry->algorithm != algorithm || (id && strcmp(entry->id, id) != 0))
			continue;
		if (found)
			return NULL;
		found = entry->key;
	}
	return found;
}

static int add(struct key_set *set, const json_t *jwk, struct error *err)
{
	struct key_set_entry *entry = &set->list[set->n];

	if (!read_entry(jwk, entry))
		return 0;
	set->n++;
	for (unsigned i = 0; i < set->n - 1; i++)
		if (entry->id[0] && strcmp(set->list[i].id, entry->id) == 0 &&
		    set->list[i].algorithm == entry->algorithm)
			return error_set(err, -EBADMSG, "the key set has two keys of one id");
	return 0;
}

static int add_all(struct key_set *set, const json_t *keys, struct error *err)
{
	const json_t *jwk;
	size_t i;

	json_array_foreach(keys, i, jwk)
	{
		int r = add(set, jwk, err);

		if (r < 0)
			return r;
	}
	if (!set->n)
		return error_set(err, -EKEYREJECTED,
				 "the key set holds no RSA, P-256 or Ed25519 key for signatures");
	return 0;
}

int key_set_parse(const char *text, size_t len, struct key_set *set_out, struct error *err)
{
	CLEANUP(json) json_t *document = json_parse(text, len, KEY_SET_MAX_BYTES, err);
	const json_t *keys = json_object_get(document, "keys");
	int r;

	set_out->n = 0;
	if (!document)
		return error_wrap(err, "key set");
	if (!json_is_array(keys))
		return error_set(err, -EBADMSG, "a key set is {\"keys\": [...]}");
	if (json_array_size(keys) > KEY_SET_MAX_KEYS)
		return error_set(err, -E2BIG, "a key set has at most %d keys here",
				 KEY_SET_MAX_KEYS);
	r = add_all(set_out, keys, err);
	if (r < 0)
		key_set_finish(set_out);
	return r;
}
