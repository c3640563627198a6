#include "identity/csr.h"

#include <errno.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/identity_internal.h"
#include "identity/key.h"

static void request_cleanup(X509_REQ **request)
{
	X509_REQ_free(*request);
}

static void add_hosts(X509_REQ *request, GENERAL_NAMES *names)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, names);

	if (!extensions || !extension || !sk_X509_EXTENSION_push(extensions, extension) ||
	    !X509_REQ_add_extensions(request, extensions))
		abort();
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

char *csr_make(EVP_PKEY *key, const char *name, const char *const *hosts, struct error *err)
{
	CLEANUP(request) X509_REQ *request = X509_REQ_new();
	CLEANUP(general_names) GENERAL_NAMES *names = host_names_make(hosts, err);
	CLEANUP(common_name) X509_NAME *subject = NULL;
	const EVP_MD *digest = key_is(key, KEY_ED25519) ? NULL : EVP_sha256();
	BIO *bio;

	if (!names)
		return NULL;
	subject = common_name_make(name, err);
	if (!subject)
		return NULL;
	if (!request || !X509_REQ_set_version(request, X509_REQ_VERSION_1) ||
	    !X509_REQ_set_subject_name(request, subject) || !X509_REQ_set_pubkey(request, key))
		abort();
	if (sk_GENERAL_NAME_num(names) > 0)
		add_hosts(request, names);
	bio = BIO_new(BIO_s_mem());
	if (!X509_REQ_sign(request, key, digest) || !bio || !PEM_write_bio_X509_REQ(bio, request))
		abort();
	return bio_take_text(bio);
}

/* SHA-1 and MD5 can be made to collide; a proof under them proves less. */
static bool is_strong(const X509_REQ *request)
{
	static const int strong[] = {
		NID_ecdsa_with_SHA256,
		NID_ecdsa_with_SHA384,
		NID_ecdsa_with_SHA512,
		NID_sha256WithRSAEncryption,
		NID_sha384WithRSAEncryption,
		NID_sha512WithRSAEncryption,
		NID_ED25519,
	};

	for (size_t i = 0; i < ARRAY_LEN(strong); i++)
		if (X509_REQ_get_signature_nid(request) == strong[i])
			return true;
	return false;
}

static int check_request(X509_REQ *request, EVP_PKEY *key, struct error *err)
{
	int r;

	if (!key)
		return identity_error(err, -EBADMSG, "the request holds no public key we know");
	r = key_check_foreign(key, err);
	if (r < 0)
		return r;
	if (!is_strong(request))
		return error_set(
			err, -EKEYREJECTED,
			"the request is not signed with SHA-256, SHA-384, SHA-512 or Ed25519");
	if (X509_REQ_verify(request, key) != 1)
		return identity_error(err, -EBADE,
				      "the request is not signed by the key that it names");
	return 0;
}

EVP_PKEY *csr_parse(const char *bytes, size_t len, struct error *err)
{
	static const char *const names[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
					     NULL };
	CLEANUP(buf) struct buf kept = { 0 };
	CLEANUP(request) X509_REQ *request = NULL;
	CLEANUP(key) EVP_PKEY *key = NULL;
	const unsigned char *at;
	struct str der;

	if (len > CSR_MAX_BYTES) {
		error_set(err, -E2BIG, "a certificate request has at most %zu bytes",
			  CSR_MAX_BYTES);
		return NULL;
	}
	if (der_find((struct str) { bytes, len }, names, &kept, &der, err) < 0)
		return NULL;
	at = (const unsigned char *)der.data;
	request = d2i_X509_REQ(NULL, &at, (long)der.len);
	if (!request || at != (const unsigned char *)der.data + der.len) {
		identity_error(err, -EBADMSG, "not a certificate request (PKCS#10)");
		return NULL;
	}
	key = X509_REQ_get_pubkey(request);
	return check_request(request, key, err) < 0 ? NULL : TAKE(key);
}
