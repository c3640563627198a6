#include "identity/csr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/test.h"
#include "identity/key.h"

static const char *const hosts[] = { "web-1", "web-1.example.org", "192.0.2.7", "::1", NULL };

static char *new_request(EVP_PKEY *key)
{
	struct error err = { 0 };
	char *text = csr_make(key, "vm-web-1-12345", hosts, &err);

	if (!text)
		FAIL("%s", err.text);
	return text;
}

static void check_refused(const char *bytes, size_t len, int code)
{
	struct error err = { 0 };

	if (csr_parse(bytes, len, &err))
		FAIL("taken");
	CHECK_INT(err.code, code);
	CHECK(err.text[0]);
}

/* DER of a PEM request; the caller frees it with OPENSSL_free(). */
static unsigned char *der_of(const char *text, size_t *len_out)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	unsigned char *data = NULL;
	char *name = NULL, *header = NULL;
	long len = 0;

	CHECK(PEM_read_bio(bio, &name, &header, &data, &len));
	OPENSSL_free(name);
	OPENSSL_free(header);
	BIO_free(bio);
	*len_out = (size_t)len;
	return data;
}

/* What a foreign program would send: any key, any digest. */
static char *foreign_request(EVP_PKEY *key, const EVP_MD *digest)
{
	X509_REQ *request = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	CHECK(X509_REQ_set_pubkey(request, key));
	CHECK(X509_REQ_sign(request, key, digest));
	CHECK(PEM_write_bio_X509_REQ(bio, request));
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_REQ_free(request);
	return text;
}

TEST(a_request_gives_its_key_and_only_that)
{
	for (enum key_kind kind = KEY_EC_P256; kind <= KEY_ED25519; kind++) {
		CLEANUP(key) EVP_PKEY *key = key_make(kind);
		CLEANUP(key) EVP_PKEY *parsed = NULL;
		CLEANUP(text) char *text = new_request(key);
		struct error err = { 0 };

		parsed = csr_parse(text, strlen(text), &err);
		CHECK(parsed && key_equal(parsed, key));
	}
}

TEST(der_is_taken_as_pem_is)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *parsed = NULL;
	CLEANUP(text) char *text = new_request(key);
	struct error err = { 0 };
	size_t len;
	unsigned char *der = der_of(text, &len);

	parsed = csr_parse((const char *)der, len, &err);
	CHECK(parsed && key_equal(parsed, key));
	for (size_t i = 0; i < len; i++)
		if (csr_parse((const char *)der, i, &err))
			FAIL("taken with %zu of %zu bytes", i, len);
	{
		CLEANUP(buf) struct buf longer = { 0 };

		buf_init(&longer, CSR_MAX_BYTES);
		buf_add(&longer, der, len);
		buf_add(&longer, "", 1);
		check_refused(buf_text(&longer), longer.len, -EBADMSG);
	}
	OPENSSL_free(der);
}

TEST(no_bit_of_a_request_can_change)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(text) char *text = new_request(key);
	size_t len;
	unsigned char *der = der_of(text, &len);

	for (size_t i = 0; i < 8 * len; i += 3) {
		struct error err = { 0 };

		der[i / 8] ^= (unsigned char)(1 << i % 8);
		if (csr_parse((const char *)der, len, &err))
			FAIL("taken with bit %zu changed", i);
		der[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	OPENSSL_free(der);
}

TEST(text_before_and_blanks_after_are_let_be_and_nothing_else)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *parsed = NULL;
	CLEANUP(text) char *text = new_request(key);
	CLEANUP(buf) struct buf buf = { 0 };
	struct error err = { 0 };

	buf_init(&buf, CSR_MAX_BYTES);
	buf_add_format(&buf, "Certificate Request:\n    Data:\n%s \r\n\n", text);
	parsed = csr_parse(buf_text(&buf), buf.len, &err);
	CHECK(parsed);
	buf_add_text(&buf, text);
	check_refused(buf_text(&buf), buf.len, -EBADMSG);
	buf_clear(&buf);
	buf_add_text(&buf, text);
	buf_add(&buf, "\0", 1);
	check_refused(buf_text(&buf), buf.len, -EBADMSG);
	buf_clear(&buf);
	buf_add_format(&buf, "-----BEGIN CERTIFICATE REQUEST-----\nComment: hidden\n\n%s",
		       strchr(text, '\n') + 1);
	check_refused(buf_text(&buf), buf.len, -EBADMSG);
}

TEST(a_request_under_another_name_is_refused)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(text) char *text = new_request(key);
	CLEANUP(buf) struct buf buf = { 0 };
	const char *body = strchr(text, '\n') + 1;

	buf_init(&buf, CSR_MAX_BYTES);
	buf_add_format(&buf, "-----BEGIN CERTIFICATE-----\n%.*s-----END CERTIFICATE-----\n",
		       (int)(strstr(body, "-----END") - body), body);
	check_refused(buf_text(&buf), buf.len, -EBADMSG);
}

TEST(what_is_no_request_is_refused)
{
	static const char *const texts[] = {
		"",
		"0",
		"\x30\x82",
		"\x30\x80\x00\x00",
		"-----BEGIN CERTIFICATE REQUEST-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nMAAA\n-----END CERTIFICATE REQUEST-----\n",
		"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4,ENCRYPTED\n"
		"DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\nMAAA\n"
		"-----END CERTIFICATE REQUEST-----\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check_refused(texts[i], strlen(texts[i]), -EBADMSG);
}

TEST(a_request_beyond_the_limit_is_not_even_looked_at)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(text) char *text = new_request(key);
	CLEANUP(buf) struct buf buf = { 0 };

	buf_init(&buf, CSR_MAX_BYTES + 1);
	buf_add_text(&buf, text);
	while (buf.len <= CSR_MAX_BYTES)
		buf_add_text(&buf, "\n");
	check_refused(buf_text(&buf), buf.len, -E2BIG);
}

TEST(weak_keys_and_digests_are_refused_and_rsa_2048_is_taken)
{
	CLEANUP(key) EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	CLEANUP(key) EVP_PKEY *odd = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	CLEANUP(key) EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	CLEANUP(key) EVP_PKEY *parsed = NULL;
	CLEANUP(text) char *of_weak = foreign_request(weak, EVP_sha256());
	CLEANUP(text) char *of_odd = foreign_request(odd, EVP_sha256());
	CLEANUP(text) char *by_sha1 = foreign_request(rsa, EVP_sha1());
	CLEANUP(text) char *of_rsa = foreign_request(rsa, EVP_sha256());
	struct error err = { 0 };

	check_refused(of_weak, strlen(of_weak), -EKEYREJECTED);
	check_refused(of_odd, strlen(of_odd), -EKEYREJECTED);
	check_refused(by_sha1, strlen(by_sha1), -EKEYREJECTED);
	parsed = csr_parse(of_rsa, strlen(of_rsa), &err);
	CHECK(parsed && key_equal(parsed, rsa));
}

TEST(a_request_signed_by_another_key_is_refused)
{
	CLEANUP(key) EVP_PKEY *mine = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *yours = key_make(KEY_EC_P256);
	CLEANUP(text) char *text = new_request(mine);
	X509_REQ *request;
	unsigned char *der = NULL;
	size_t len;
	const unsigned char *at = der = der_of(text, &len);
	int n;

	request = d2i_X509_REQ(NULL, &at, (long)len);
	OPENSSL_free(der);
	der = NULL;
	CHECK(request && X509_REQ_set_pubkey(request, yours));
	CHECK(X509_REQ_sign(request, mine, EVP_sha256()));
	n = i2d_X509_REQ(request, &der);
	X509_REQ_free(request);
	check_refused((const char *)der, (size_t)n, -EBADE);
	OPENSSL_free(der);
}

TEST(a_name_that_no_certificate_could_hold_is_refused)
{
	static const char *const bad_hosts[] = { "a,DNS:b", NULL };
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	char name[66] = "";
	struct error err = { 0 };

	CHECK(!csr_make(key, "", NULL, &err));
	memset(name, 'a', 65);
	CHECK(!csr_make(key, name, NULL, &err));
	CHECK(!csr_make(key, "\xff", NULL, &err));
	CHECK(!csr_make(key, "a", bad_hosts, &err));
	CHECK_INT(err.code, -EINVAL);
}

/* Written by the openssl command, as install scripts call it; the fuzzer starts from them too. */
TEST(requests_that_openssl_wrote_are_taken_where_they_are_strong)
{
	static const struct {
		const char *file;
		int code;
	} rows[] = {
		{ "p256.pem", 0 },
		{ "p256.der", 0 },
		{ "p256_text.pem", 0 },
		{ "p384.der", 0 },
		{ "ed25519.der", 0 },
		{ "rsa2048.pem", 0 },
		{ "rsa1024.pem", -EKEYREJECTED },
		{ "explicit.der", -EKEYREJECTED },
		{ "sha1.der", -EKEYREJECTED },
		{ "pss.der", -EKEYREJECTED },
		{ "p256.txt", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(buf) struct buf bytes = { 0 };
		CLEANUP(key) EVP_PKEY *key = NULL;
		struct error err = { 0 };
		char path[4096];
		FILE *file;

		text_format(path, sizeof(path), "%s/fuzz/corpus/identity_csr/%s",
			    getenv("SOURCE_DIR"), rows[i].file);
		file = fopen(path, "re");
		buf_init(&bytes, CSR_MAX_BYTES);
		CHECK(file && buf_read_fd(&bytes, fileno(file)) == 0);
		(void)fclose(file);
		key = csr_parse(buf_text(&bytes), bytes.len, &err);
		if (!!key != (rows[i].code == 0) || err.code != rows[i].code)
			FAIL("%s: %s", rows[i].file, err.text);
	}
}
