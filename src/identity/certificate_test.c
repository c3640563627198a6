#include "identity/certificate.h"

#include <errno.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/test.h"
#include "identity/ca.h"
#include "identity/key.h"
#include "identity/test_folder.h"

#define NOW_NS (UINT64_C(1763830000) * NS_PER_SEC)

static X509 *new_certificate(void)
{
	CLEANUP(ca) struct ca ca = { 0 };
	struct error err = { 0 };

	CHECK_OK(ca_make(&ca, CERTIFICATE_FOR_CLIENT, "A", NOW_NS, &err), err);
	return TAKE(ca.certificate);
}

TEST(a_certificate_is_read_as_pem_and_as_der_alone)
{
	CLEANUP(certificate) X509 *certificate = new_certificate();
	CLEANUP(certificate) X509 *from_pem = NULL;
	CLEANUP(certificate) X509 *from_der = NULL;
	CLEANUP(text) char *text = certificate_format(certificate);
	CLEANUP(buf) struct buf twice = { 0 };
	struct error err = { 0 };
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);

	from_pem = certificate_parse(text, strlen(text), &err);
	from_der = certificate_parse((const char *)der, (size_t)len, &err);
	CHECK(from_pem && X509_cmp(from_pem, certificate) == 0);
	CHECK(from_der && X509_cmp(from_der, certificate) == 0);
	for (size_t i = 0; i < (size_t)len; i++)
		CHECK(!certificate_parse((const char *)der, i, &err));
	OPENSSL_free(der);
	buf_init(&twice, CERTIFICATE_MAX_BYTES + 1);
	buf_add_text(&twice, text);
	buf_add_text(&twice, text);
	CHECK(!certificate_parse(buf_text(&twice), twice.len, &err));
	CHECK_INT(err.code, -EBADMSG);
	while (twice.len <= CERTIFICATE_MAX_BYTES)
		buf_add_text(&twice, " ");
	CHECK(!certificate_parse(buf_text(&twice), twice.len, &err));
	CHECK_INT(err.code, -E2BIG);
}

TEST(a_saved_certificate_is_the_same_when_loaded)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(certificate) X509 *certificate = new_certificate();
	CLEANUP(certificate) X509 *loaded = NULL;
	struct error err = { 0 };
	char one[CERTIFICATE_FINGERPRINT_BYTES], two[CERTIFICATE_FINGERPRINT_BYTES];

	test_folder_make(&folder);
	CHECK(!certificate_load(test_folder_file(&folder, "a.crt"), &err));
	CHECK_INT(err.code, -ENOENT);
	CHECK_OK(certificate_save(folder.file, certificate, &err), err);
	loaded = certificate_load(folder.file, &err);
	CHECK(loaded);
	CHECK_TEXT(certificate_fingerprint(loaded, one), certificate_fingerprint(certificate, two));
	CHECK_INT(strlen(one), 64);
}

TEST(it_is_renewed_at_two_thirds_of_its_time)
{
	CLEANUP(certificate) X509 *certificate = new_certificate();
	uint64_t from = certificate_not_before_ns(certificate);
	uint64_t to = certificate_not_after_ns(certificate);
	uint64_t at = certificate_renew_at_ns(certificate);

	CHECK((at - from) / NS_PER_SEC / 2 == (to - at) / NS_PER_SEC);
}

TEST(times_that_do_not_fit_are_never_wrapped)
{
	CLEANUP(certificate) X509 *certificate = new_certificate();

	CHECK(ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z"));
	CHECK(certificate_not_after_ns(certificate) == UINT64_MAX);
	CHECK(ASN1_TIME_set_string(X509_getm_notBefore(certificate), "500101000000Z"));
	CHECK_INT(certificate_not_before_ns(certificate), 0);
}

TEST(a_serial_is_written_without_leading_zeros)
{
	CLEANUP(certificate) X509 *certificate = new_certificate();
	char text[CERTIFICATE_SERIAL_BYTES];

	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0xabc));
	CHECK_TEXT(certificate_serial(certificate, text), "abc");
	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), -5));
	CHECK_TEXT(certificate_serial(certificate, text), "");
}

TEST(ids_are_plain_and_short)
{
	static const char *const good[] = { "a", "acme", "vm-web-1-12345", "A.b_c-9" };
	static const char *const bad[] = { "",    ".a",   "-a",       "_a",  "a/b", "a b",
					   "a\n", "a%20", "\xc3\xa4", "a:b", "a@b" };
	char text[66] = "";

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK(certificate_is_id(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!certificate_is_id(bad[i]));
	memset(text, 'a', 64);
	CHECK(certificate_is_id(text));
	text[64] = 'a';
	CHECK(!certificate_is_id(text));
}
