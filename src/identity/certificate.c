#include "identity/certificate.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "identity/file.h"
#include "identity/identity_internal.h"

void certificate_cleanup(X509 **certificate)
{
	X509_free(*certificate);
}

X509 *certificate_parse(const char *bytes, size_t len, struct error *err)
{
	static const char *const names[] = { "CERTIFICATE", NULL };
	CLEANUP(buf) struct buf kept = { 0 };
	CLEANUP(certificate) X509 *certificate = NULL;
	const unsigned char *at;
	struct str der;

	if (len > CERTIFICATE_MAX_BYTES) {
		error_set(err, -E2BIG, "a certificate has at most %zu bytes",
			  CERTIFICATE_MAX_BYTES);
		return NULL;
	}
	if (der_find((struct str) { bytes, len }, names, &kept, &der, err) < 0)
		return NULL;
	at = (const unsigned char *)der.data;
	certificate = d2i_X509(NULL, &at, (long)der.len);
	if (!certificate || at != (const unsigned char *)der.data + der.len) {
		identity_error(err, -EBADMSG, "not a certificate (X.509)");
		return NULL;
	}
	return TAKE(certificate);
}

char *certificate_format(const X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509(bio, certificate))
		abort();
	return bio_take_text(bio);
}

X509 *certificate_load(const char *path, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	X509 *certificate;

	buf_init(&text, CERTIFICATE_MAX_BYTES);
	if (file_load_public(path, &text, err) < 0)
		return NULL;
	certificate = certificate_parse(buf_text(&text), text.len, err);
	if (!certificate)
		error_wrap(err, "'%s'", path);
	return certificate;
}

int certificate_save(const char *path, const X509 *certificate, struct error *err)
{
	CLEANUP(text) char *text = certificate_format(certificate);

	return file_save_public(path, text, strlen(text), err);
}

const char *certificate_fingerprint(const X509 *certificate,
				    char text[CERTIFICATE_FINGERPRINT_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!X509_digest(certificate, EVP_sha256(), digest, NULL))
		abort();
	return hex_encode(digest, SHA256_DIGEST_LENGTH, text);
}

const char *certificate_serial(const X509 *certificate, char text[CERTIFICATE_SERIAL_BYTES])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	/* OpenSSL keeps the magnitude, and the sign in the type. */
	text[0] = '\0';
	if (len > 0 && len <= (CERTIFICATE_SERIAL_BYTES - 1) / 2 &&
	    ASN1_STRING_type(serial) == V_ASN1_INTEGER)
		(void)hex_encode(bytes, (size_t)len, text);
	if (text[0] == '0' && text[1])
		memmove(text, text + 1, strlen(text));
	return text;
}

static uint64_t time_ns(const ASN1_TIME *when)
{
	struct tm tm;
	time_t seconds;

	if (!ASN1_TIME_to_tm(when, &tm))
		return 0;
	seconds = timegm(&tm);
	if (seconds <= 0)
		return 0;
	if ((uint64_t)seconds >= UINT64_MAX / NS_PER_SEC)
		return UINT64_MAX;
	return (uint64_t)seconds * NS_PER_SEC;
}

uint64_t certificate_not_before_ns(const X509 *certificate)
{
	return time_ns(X509_get0_notBefore(certificate));
}

uint64_t certificate_not_after_ns(const X509 *certificate)
{
	return time_ns(X509_get0_notAfter(certificate));
}

uint64_t certificate_renew_at_ns(const X509 *certificate)
{
	uint64_t from = certificate_not_before_ns(certificate);
	uint64_t to = certificate_not_after_ns(certificate);

	return to > from ? from + (to - from) / 3 * 2 : to;
}
