#include "tools/certificate/certificate.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/clock.h"

#define MAX_NAMES 50
#define S_PER_DAY 86400

static json_t *name_json(const X509_NAME *name)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;
	json_t *json;

	if (!out)
		abort();
	(void)X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(out, &text);
	json = json_text(text ? text : "", len > 0 ? (size_t)len : 0);
	BIO_free(out);
	return json;
}

/* Seconds since 1970; INT64_MIN if the field is malformed. */
static int64_t time_of(const ASN1_TIME *time)
{
	struct tm tm = { 0 };

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return INT64_MIN;
	return timegm(&tm);
}

static void put_time(json_t *object, const char *key, int64_t seconds)
{
	char text[CLOCK_TEXT_BYTES];

	if (seconds < 0)
		json_put(object, key, json_null());
	else
		json_put(object, key,
			 json_string(clock_format((uint64_t)seconds * NS_PER_SEC, text)));
}

static json_t *names_json(X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	json_t *list = json_array();

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && i < MAX_NAMES; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			json_push(list, json_text((const char *)ASN1_STRING_get0_data(name->d.ia5),
						  (size_t)ASN1_STRING_length(name->d.ia5)));
	}
	GENERAL_NAMES_free(names);
	return list;
}

static json_t *key_json(X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	char text[128];

	if (!key)
		return json_null();
	text_format(text, sizeof(text), "%s %d", EVP_PKEY_get0_type_name(key),
		    EVP_PKEY_get_bits(key));
	return json_string(text);
}

static void put_serial(json_t *object, const X509 *certificate)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;

	json_put(object, "serial", hex ? json_string(hex) : json_null());
	OPENSSL_free(hex);
	BN_free(number);
}

static json_t *certificate_json(X509 *certificate, uint64_t now_ns)
{
	int64_t now_s = (int64_t)(now_ns / NS_PER_SEC);
	int64_t begins = time_of(X509_get0_notBefore(certificate));
	int64_t ends = time_of(X509_get0_notAfter(certificate));
	const char *signature = OBJ_nid2ln(X509_get_signature_nid(certificate));
	json_t *json = json_object();

	json_put(json, "subject", name_json(X509_get_subject_name(certificate)));
	json_put(json, "issuer", name_json(X509_get_issuer_name(certificate)));
	put_serial(json, certificate);
	json_put(json, "names", names_json(certificate));
	put_time(json, "not_before", begins);
	put_time(json, "not_after", ends);
	/* Rounded down, so that 0 is today and -1 is over. */
	if (ends != INT64_MIN)
		json_put(json, "days_left",
			 json_integer((ends - now_s) / S_PER_DAY - (ends < now_s)));
	json_put(json, "expired", json_boolean(ends != INT64_MIN && ends < now_s));
	json_put(json, "not_yet_valid", json_boolean(begins > now_s));
	json_put(json, "is_authority", json_boolean(X509_check_ca(certificate) > 0));
	json_put(json, "self_signed",
		 json_boolean(X509_NAME_cmp(X509_get_subject_name(certificate),
					    X509_get_issuer_name(certificate)) == 0));
	json_put(json, "key", key_json(certificate));
	json_put(json, "signature", json_string(signature ? signature : "unknown"));
	return json;
}

/* No file may make us ask a terminal for the passphrase of its key. */
static int no_passphrase(char *text, int size, int writing, void *cookie) /* NOLINT: OpenSSL's */
{
	(void)text, (void)size, (void)writing, (void)cookie;
	return -1;
}

static json_t *parse_pem(const char *bytes, size_t len, uint64_t now_ns)
{
	BIO *in = BIO_new_mem_buf(bytes, (int)len);
	json_t *list = json_array();
	X509 *certificate;

	if (!in)
		abort();
	while (list &&
	       (certificate = PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL)) != NULL) {
		if (json_array_size(list) == CERTIFICATES_MAX_CHAIN) {
			json_decref(list);
			list = NULL;
		} else {
			json_push(list, certificate_json(certificate, now_ns));
		}
		X509_free(certificate);
	}
	ERR_clear_error(); /* the end of the file counts as one */
	BIO_free(in);
	return list;
}

static void parse_der(const char *bytes, size_t len, uint64_t now_ns, json_t *list)
{
	const unsigned char *at = (const unsigned char *)bytes;
	X509 *certificate = d2i_X509(NULL, &at, (long)len);

	if (certificate)
		json_push(list, certificate_json(certificate, now_ns));
	X509_free(certificate);
	ERR_clear_error();
}

json_t *certificates_parse(const char *bytes, size_t len, uint64_t now_ns)
{
	json_t *list;

	if (len > CERTIFICATES_MAX_BYTES)
		return NULL;
	list = parse_pem(bytes, len, now_ns);
	if (list && !json_array_size(list))
		parse_der(bytes, len, now_ns, list);
	return list;
}
