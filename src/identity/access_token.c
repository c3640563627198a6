#include "identity/access_token.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "base/encoding.h"

#define LEEWAY_S 60
#define UNTIL_MAX_S (3650ULL * 86400) /* later than this nobody looks */
#define SIGNATURE_MAX_BYTES 512
#define ECDSA_HALF_BYTES 32
#define TIME_MAX_S (1LL << 40)

/* The three parts, borrowed. */
struct parts {
	struct str head, claims, signature;
	struct str signed_bytes; /* the first two with their point */
};

static bool split(const char *text, size_t len, struct parts *parts_out)
{
	const char *end = text + len;
	const char *one = memchr(text, '.', len);
	const char *two = one ? memchr(one + 1, '.', (size_t)(end - one - 1)) : NULL;

	if (!two || memchr(two + 1, '.', (size_t)(end - two - 1)))
		return false;
	*parts_out = (struct parts) {
		.head = { text, (size_t)(one - text) },
		.claims = { one + 1, (size_t)(two - one - 1) },
		.signature = { two + 1, (size_t)(end - two - 1) },
		.signed_bytes = { text, (size_t)(two - text) },
	};
	return parts_out->head.len && parts_out->claims.len && parts_out->signature.len;
}

bool access_token_is(const char *text, size_t len)
{
	struct parts parts;

	return len <= ACCESS_TOKEN_MAX_BYTES && split(text, len, &parts);
}

static json_t *read_part(struct str part, const char *name, struct error *err)
{
	CLEANUP(buf) struct buf decoded = { 0 };
	struct error why = { 0 };
	json_t *json = NULL;

	buf_init(&decoded, ACCESS_TOKEN_MAX_BYTES);
	if (base64url_decode(part.data, part.len, &decoded) == 0)
		json = json_parse(buf_text(&decoded), decoded.len, ACCESS_TOKEN_MAX_BYTES, &why);
	if (json_is_object(json))
		return json;
	json_decref(json);
	error_set(err, -EBADMSG, "the %s of the token is no JSON object in base64url", name);
	return NULL;
}

/* --- its signature ------------------------------------------------------------------------ */

static bool is_access_token_type(const char *type)
{
	static const char prefix[] = "application/";

	if (strncasecmp(type, prefix, sizeof(prefix) - 1) == 0)
		type += sizeof(prefix) - 1;
	return strcasecmp(type, "at+jwt") == 0;
}

static int find_key(const json_t *head, const struct key_set *keys,
		    enum key_algorithm *algorithm_out, EVP_PKEY **key_out, struct error *err)
{
	const json_t *id = json_object_get(head, "kid");

	if (!is_access_token_type(json_get_text(head, "typ", "")))
		return error_set(err, -EKEYREJECTED,
				 "the token is no access token: its \"typ\" is not at+jwt");
	/* It names what must be understood, and we understand nothing of the kind. */
	if (json_object_get(head, "crit"))
		return error_set(err, -EKEYREJECTED, "the token has \"crit\", which is not taken");
	if (!key_algorithm_from_name(json_get_text(head, "alg", ""), algorithm_out))
		return error_set(err, -EKEYREJECTED,
				 "the token is signed with none of RS256, ES256 and EdDSA");
	if (id && !json_is_string(id))
		return error_set(err, -EBADMSG, "the \"kid\" of the token is no text");
	*key_out = key_set_find(keys, json_string_value(id), *algorithm_out);
	if (!*key_out)
		return error_set(err, -ENOKEY, "the issuer has no such key for this token");
	return 0;
}

/* RFC 7518, 3.4: both numbers, of their full length; OpenSSL wants DER. */
static bool rewrite_ecdsa(struct buf *signature)
{
	unsigned char der[SIGNATURE_MAX_BYTES], *at = der;
	const unsigned char *raw = (const unsigned char *)signature->data;
	ECDSA_SIG *pair;
	BIGNUM *r, *s;
	int len;

	if (signature->len != 2 * (size_t)ECDSA_HALF_BYTES)
		return false;
	pair = ECDSA_SIG_new();
	r = BN_bin2bn(raw, ECDSA_HALF_BYTES, NULL);
	s = BN_bin2bn(raw + ECDSA_HALF_BYTES, ECDSA_HALF_BYTES, NULL);
	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1)
		abort();
	len = i2d_ECDSA_SIG(pair, &at);
	ECDSA_SIG_free(pair);
	buf_clear(signature);
	buf_add(signature, der, len > 0 ? (size_t)len : 0);
	return len > 0;
}

static bool holds(EVP_PKEY *key, enum key_algorithm algorithm, struct str bytes,
		  const struct buf *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *digest = algorithm == KEY_EDDSA ? NULL : EVP_sha256();
	bool is_good;

	if (!ctx)
		abort();
	is_good = EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, (const unsigned char *)signature->data, signature->len,
				   (const unsigned char *)bytes.data, bytes.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return is_good;
}

static int check_signature(const struct parts *parts, const json_t *head,
			   const struct key_set *keys, struct error *err)
{
	CLEANUP(buf) struct buf signature = { 0 };
	enum key_algorithm algorithm = KEY_RS256;
	EVP_PKEY *key = NULL;
	int r = find_key(head, keys, &algorithm, &key, err);

	if (r < 0)
		return r;
	buf_init(&signature, SIGNATURE_MAX_BYTES);
	if (base64url_decode(parts->signature.data, parts->signature.len, &signature) < 0 ||
	    !signature.len)
		return error_set(err, -EBADMSG, "the signature of the token is no base64url");
	if ((algorithm == KEY_ES256 && !rewrite_ecdsa(&signature)) ||
	    !holds(key, algorithm, parts->signed_bytes, &signature))
		return error_set(err, -EBADE, "the signature of the token does not hold");
	return 0;
}

/* --- what it says ------------------------------------------------------------------------- */

static bool has_text(const json_t *claim, const char *text)
{
	const json_t *item;
	size_t i;

	if (json_is_string(claim))
		return strcmp(json_string_value(claim), text) == 0;
	json_array_foreach(claim, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

/* Seconds, maybe with a fraction; 0 where there is none, -1 where it is no time. */
static int64_t get_time(const json_t *claims, const char *name)
{
	const json_t *claim = json_object_get(claims, name);
	double at;

	if (!claim)
		return 0;
	at = json_number_value(claim);
	return json_is_number(claim) && at >= 1 && at < (double)TIME_MAX_S ? (int64_t)at : -1;
}

static int check_times(const json_t *claims, uint64_t now_s, struct error *err)
{
	int64_t expires = get_time(claims, "exp"), from = get_time(claims, "nbf");
	int64_t issued = get_time(claims, "iat"), now = (int64_t)now_s;

	if (expires <= 0 || from < 0 || issued < 0)
		return error_set(err, -EBADMSG,
				 "the token says no time at which it expires, "
				 "or one that is no time");
	if (expires + LEEWAY_S <= now)
		return error_set(err, -EKEYEXPIRED, "the token has expired");
	if (from > now + LEEWAY_S || issued > now + LEEWAY_S)
		return error_set(err, -EKEYEXPIRED, "the token is not valid yet");
	return 0;
}

/* Names get into logs and records: nothing that could pass for something else there. */
static bool take_name(const json_t *claims, const char *claim, char name_out[])
{
	const char *text = json_get_text(claims, claim, "");
	size_t len = 0;

	for (; text[len]; len++)
		if (text[len] <= ' ' || text[len] > '~' || len >= ACCESS_TOKEN_NAME_BYTES - 1)
			return false;
	text_copy(name_out, ACCESS_TOKEN_NAME_BYTES, text);
	return len > 0;
}

static int check_claims(const json_t *claims, const struct access_rule *rule,
			struct access_token *token, struct error *err)
{
	const char *client;
	int r;

	if (strcmp(json_get_text(claims, "iss", ""), rule->issuer) != 0)
		return error_set(err, -EACCES, "the token is of another issuer");
	if (!has_text(json_object_get(claims, "aud"), rule->audience))
		return error_set(err, -EACCES, "the token is for another audience");
	r = check_times(claims, rule->now_s, err);
	if (r < 0)
		return r;
	if (!take_name(claims, "sub", token->subject))
		return error_set(err, -EBADMSG,
				 "the \"sub\" of the token is not 1 to %d printable characters "
				 "without blanks",
				 ACCESS_TOKEN_NAME_BYTES - 1);
	/* RFC 9068 wants "client_id"; of some issuers it is "azp", as in their id tokens. */
	client = json_object_get(claims, "client_id") ? "client_id" : "azp";
	if (json_object_get(claims, client) && !take_name(claims, client, token->client))
		return error_set(err, -EBADMSG, "the \"%s\" of the token is no name", client);
	token->expires_s = (uint64_t)get_time(claims, "exp");
	return 0;
}

int access_token_verify(const char *text, size_t len, const struct access_rule *rule,
			struct access_token *token_out, struct error *err)
{
	CLEANUP(json) json_t *head = NULL;
	CLEANUP(json) json_t *claims = NULL;
	struct access_token token = { 0 };
	struct parts parts;
	int r;

	if (len > ACCESS_TOKEN_MAX_BYTES || !split(text, len, &parts))
		return error_set(err, -EBADMSG, "this is no token of three parts");
	head = read_part(parts.head, "head", err);
	if (!head)
		return err->code;
	r = check_signature(&parts, head, rule->keys, err);
	if (r < 0)
		return r;
	claims = read_part(parts.claims, "claims", err);
	if (!claims)
		return err->code;
	r = check_claims(claims, rule, &token, err);
	if (r < 0)
		return r;
	token.claims = TAKE(claims);
	*token_out = token;
	return 0;
}

void access_token_finish(struct access_token *token)
{
	json_decref(token->claims);
	*token = (struct access_token) { 0 };
}

void access_token_cleanup(struct access_token *token)
{
	access_token_finish(token);
}

bool access_token_name(const struct access_token *token, const char *claim,
		       char name_out[ACCESS_TOKEN_NAME_BYTES])
{
	if (strcmp(claim, "email") == 0 &&
	    !json_is_true(json_object_get(token->claims, "email_verified")))
		return false;
	return take_name(token->claims, claim, name_out);
}

bool access_token_has_scope(const struct access_token *token, const char *scope)
{
	const char *at = json_get_text(token->claims, "scope", "");
	size_t len = strlen(scope);

	while (*at) {
		size_t n = strcspn(at, " ");

		if (n == len && len && memcmp(at, scope, len) == 0)
			return true;
		at += n;
		at += strspn(at, " ");
	}
	return false;
}

bool access_token_claims(const struct access_token *token, const char *claim, const char *value)
{
	return has_text(json_object_get(token->claims, claim), value);
}

uint64_t access_token_until_ns(const struct access_token *token)
{
	uint64_t now_s = clock_wall_ns() / NS_PER_SEC, end_s = token->expires_s + LEEWAY_S;
	uint64_t left_s = end_s > now_s ? end_s - now_s : 0;

	if (left_s > UNTIL_MAX_S)
		left_s = UNTIL_MAX_S;
	return clock_monotonic_ns() + left_s * NS_PER_SEC;
}
