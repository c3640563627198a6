#include "identity/statement.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/encoding.h"
#include "identity/identity_internal.h"

#define SIGNATURE_MAX_BYTES 512 /* RSA 4096 */

static void digest_context_cleanup(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

/* Ed25519 has its own inside. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

json_t *statement_seal(const json_t *statement, EVP_PKEY *key)
{
	CLEANUP(digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	CLEANUP(text) char *text = json_canonical(statement);
	CLEANUP(text) char *line = NULL;
	unsigned char signature[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(signature);
	json_t *sealed;

	if (!context || EVP_DigestSignInit(context, NULL, digest_for(key), NULL, key) != 1 ||
	    EVP_DigestSign(context, signature, &len, (const unsigned char *)text, strlen(text)) !=
		    1)
		abort();
	line = base64_text(signature, len);
	sealed = json_pack("{s:s, s:s}", "statement", text, "signature", line);
	if (!sealed)
		abort();
	return sealed;
}

static const char *text_of(const json_t *sealed, struct error *err)
{
	const char *text = json_get_text(sealed, "statement", NULL);

	if (!text)
		error_set(err, -EBADMSG,
			  "a sealed statement has the members statement and signature");
	else if (strlen(text) > STATEMENT_MAX_BYTES)
		error_set(err, -E2BIG, "a statement has at most %zu bytes", STATEMENT_MAX_BYTES);
	else
		return text;
	return NULL;
}

json_t *statement_peek(const json_t *sealed, const char *domain, struct error *err)
{
	const char *text = text_of(sealed, err);
	CLEANUP(json) json_t *statement = NULL;
	CLEANUP(text) char *canonical = NULL;

	if (!text)
		return NULL;
	statement = json_parse(text, strlen(text), STATEMENT_MAX_BYTES, err);
	if (!statement)
		return NULL;
	canonical = json_canonical(statement);
	if (!json_is_object(statement) || strcmp(canonical, text) != 0) {
		error_set(err, -EBADMSG, "the statement is not a JSON object in canonical form");
		return NULL;
	}
	if (strcmp(json_get_text(statement, "domain", ""), domain) != 0) {
		error_set(err, -EPROTOTYPE, "the statement is not a '%s'", domain);
		return NULL;
	}
	return TAKE(statement);
}

int statement_verify(const json_t *sealed, EVP_PKEY *key, struct error *err)
{
	CLEANUP(digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	CLEANUP(buf) struct buf signature = { 0 };
	const char *text = text_of(sealed, err);
	const char *line = json_get_text(sealed, "signature", "");

	if (!text)
		return err->code;
	buf_init(&signature, SIGNATURE_MAX_BYTES);
	if (strlen(line) > 2 * SIGNATURE_MAX_BYTES ||
	    base64_decode(line, strlen(line), &signature) < 0)
		return error_set(err, -EBADE, "the signature is not one line of Base64");
	if (!context)
		abort();
	if (EVP_DigestVerifyInit(context, NULL, digest_for(key), NULL, key) != 1 ||
	    EVP_DigestVerify(context, (const unsigned char *)buf_text(&signature), signature.len,
			     (const unsigned char *)text, strlen(text)) != 1)
		return identity_error(err, -EBADE, "the statement is not signed by that key");
	return 0;
}

json_t *statement_open(const json_t *sealed, const char *domain, EVP_PKEY *key, struct error *err)
{
	return statement_verify(sealed, key, err) < 0 ? NULL : statement_peek(sealed, domain, err);
}
