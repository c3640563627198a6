/* Foreign certificates: read alone, and asked whose they are. */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "identity/certificate.h"

#define NOW_NS (UINT64_C(1763830000) * 1000000000)

static void check_identity(X509 *certificate, X509 *ca)
{
	const struct certificate_org org = { "acme", ca };
	struct certificate_agent agent = { 0 };
	struct error err = { 0 };
	enum certificate_verdict verdict =
		certificate_identify(certificate, &org, 1, NOW_NS, &agent, &err);

	if (verdict == CERTIFICATE_REFUSED)
		assert(err.code < 0 && !agent.org[0] && !agent.agent[0]);
	else
		assert(strcmp(agent.org, "acme") == 0 && certificate_is_id(agent.agent));
	(void)certificate_verify(certificate, ca, CERTIFICATE_FOR_SERVER, NOW_NS, &err);
}

static void check_certificate(X509 *certificate)
{
	CLEANUP(text) char *text = certificate_format(certificate);
	CLEANUP(certificate) X509 *again = NULL;
	struct error err = { 0 };
	char serial[CERTIFICATE_SERIAL_BYTES], print[CERTIFICATE_FINGERPRINT_BYTES];

	assert(strlen(certificate_serial(certificate, serial)) < sizeof(serial));
	assert(strlen(certificate_fingerprint(certificate, print)) == sizeof(print) - 1);
	(void)certificate_renew_at_ns(certificate);
	/* PEM is longer by a third, so what was near the limit may be beyond it. */
	again = certificate_parse(text, strlen(text), &err);
	assert(again ? X509_cmp(again, certificate) == 0 : err.code == -E2BIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_ca = size > 2 ? (size_t)(data[0] << 8 | data[1]) : 0;
	struct error err = { 0 };
	CLEANUP(certificate) X509 *ca = NULL;
	CLEANUP(certificate) X509 *certificate = NULL;

	/* A CA and a certificate, with the CA's length in front; or one certificate that is both.
	 */
	if (size > 2 && n_ca <= size - 2) {
		ca = certificate_parse((const char *)data + 2, n_ca, &err);
		certificate =
			certificate_parse((const char *)data + 2 + n_ca, size - 2 - n_ca, &err);
	} else {
		certificate = certificate_parse((const char *)data, size, &err);
	}
	if (certificate) {
		check_certificate(certificate);
		check_identity(certificate, ca ? ca : certificate);
	}
	assert(ERR_peek_error() == 0); /* a TLS connection beside would take it for its own */
	return 0;
}
