#include "tools/network/tls_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>

#include "tools/certificate/certificate.h"
#include "tools/network/connect.h"

static void ssl_cleanup(SSL **ssl)
{
	SSL_free(*ssl);
}

static void context_cleanup(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static bool is_address(const char *name)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* Old versions are let through: the question is what the server does, not what we like. */
static SSL *ssl_new(SSL_CTX *context, int fd, const char *name)
{
	SSL *ssl;

	(void)SSL_CTX_set_default_verify_paths(context);
	(void)SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	ssl = SSL_new(context);
	if (!ssl)
		return NULL;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_address(name)) {
		(void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	} else {
		(void)SSL_set1_host(ssl, name);
		(void)SSL_set_tlsext_host_name(ssl, name);
	}
	(void)SSL_set_fd(ssl, fd);
	return ssl;
}

static const char *handshake(SSL *ssl, int fd, uint64_t until_ns)
{
	for (;;) {
		int r = SSL_connect(ssl), why = SSL_get_error(ssl, r), wait;
		unsigned long code;
		const char *reason;

		if (r == 1)
			return NULL;
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
			wait = connect_wait(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
					    until_ns);
			if (wait == 0)
				continue;
			return wait == -ETIMEDOUT ? "the handshake timed out"
						  : strerrordesc_np(-wait);
		}
		code = ERR_get_error();
		reason = code ? ERR_reason_error_string(code) : NULL;
		if (why == SSL_ERROR_SYSCALL && !code)
			return errno ? strerrordesc_np(errno) : "the server closed the connection";
		return reason ? reason : "the handshake failed";
	}
}

static void put_certificate(SSL *ssl, uint64_t now_ns, json_t *result)
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	CLEANUP(json) json_t *list = NULL;
	unsigned char *der = NULL;
	int len = leaf ? i2d_X509(leaf, &der) : 0;

	if (len > 0)
		list = certificates_parse((const char *)der, (size_t)len, now_ns);
	OPENSSL_free(der);
	X509_free(leaf);
	json_put(result, "certificate",
		 json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_null());
}

static void report(SSL *ssl, uint64_t now_ns, json_t *result)
{
	long verified = SSL_get_verify_result(ssl);

	json_put(result, "handshake", json_true());
	json_put(result, "ok", json_boolean(verified == X509_V_OK));
	json_put(result, "protocol", json_string(SSL_get_version(ssl)));
	json_put(result, "cipher", json_string(SSL_get_cipher_name(ssl)));
	json_put(result, "error",
		 verified == X509_V_OK ? json_null()
				       : json_string(X509_verify_cert_error_string(verified)));
	put_certificate(ssl, now_ns, result);
}

void tls_probe(int fd, const char *server_name, uint64_t until_ns, uint64_t now_ns, json_t *result)
{
	__attribute__((cleanup(context_cleanup))) SSL_CTX *context =
		SSL_CTX_new(TLS_client_method());
	__attribute__((cleanup(ssl_cleanup))) SSL *ssl =
		context ? ssl_new(context, fd, server_name) : NULL;
	const char *failure = ssl ? handshake(ssl, fd, until_ns) : "OpenSSL could not be set up";

	if (!failure) {
		report(ssl, now_ns, result);
		return;
	}
	json_put(result, "handshake", json_false());
	json_put(result, "ok", json_false());
	json_put(result, "error", json_string(failure));
}
