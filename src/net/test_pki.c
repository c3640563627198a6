#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/test_peer.h"

#define DAY_SECONDS 86400

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* Valid from two days ago until 'days' from now, and not signed yet. */
static X509 *draft(EVP_PKEY *key, const char *name, X509 *issuer, long days)
{
	static long serial;
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	CHECK(X509_set_version(certificate, 2) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -2L * DAY_SECONDS);
	X509_gmtime_adj(X509_getm_notAfter(certificate), days * DAY_SECONDS);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static struct tls_identity issue(const char *name, X509 *ca, EVP_PKEY *ca_key, long days,
				 const char *usage)
{
	struct tls_identity identity = { .key = EVP_EC_gen("P-256") };

	identity.certificate = draft(identity.key, name, ca, days);
	add_extension(identity.certificate, ca, NID_ext_key_usage, usage);
	if (strcmp(usage, "serverAuth") == 0)
		add_extension(identity.certificate, ca, NID_subject_alt_name,
			      "DNS:localhost,IP:127.0.0.1,IP:::1");
	CHECK(X509_sign(identity.certificate, ca_key, EVP_sha256()) > 0);
	return identity;
}

static char *pem_of(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	CHECK(PEM_write_bio_X509(bio, certificate) == 1);
	len = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)len);
	BIO_free(bio);
	return copy;
}

void test_pki_make(struct test_pki *pki)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = draft(key, "a CA", NULL, 2);
	struct error err = { 0 };

	add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	CHECK(X509_sign(ca, key, EVP_sha256()) > 0);
	pki->ca_pem = pem_of(ca);
	pki->trusted = tls_trust_parse(pki->ca_pem, &err);
	CHECK(pki->trusted);
	pki->server = issue("localhost", ca, key, 1, "serverAuth");
	pki->client = issue("a-client", ca, key, 1, "clientAuth");
	pki->expired = issue("a-client", ca, key, -1, "clientAuth");
	X509_free(ca);
	EVP_PKEY_free(key);
}

void test_pki_finish(struct test_pki *pki)
{
	free(pki->ca_pem);
	X509_STORE_free(pki->trusted);
	tls_identity_finish(&pki->server);
	tls_identity_finish(&pki->client);
	tls_identity_finish(&pki->expired);
}
