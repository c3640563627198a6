#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fd.h"
#include "base/scan.h"
#include "tools/network/connect.h"
#include "warden/prober.h"

#define REQUEST_BYTES 1024
#define STATUS_LINE_BYTES 64 /* as much as is read of an answer */

/* A connection, with TLS on it or not. */
struct line {
	struct attempt *attempt;
	int fd;
	SSL *ssl; /* or NULL */
};

static void ssl_cleanup(SSL **ssl)
{
	SSL_free(*ssl);
}

static void context_cleanup(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

/* What OpenSSL waits for; -1 when it is over. */
static int wait_for_tls(const struct line *line, int r)
{
	struct attempt *attempt = line->attempt;
	int why = SSL_get_error(line->ssl, r);
	long verified = SSL_get_verify_result(line->ssl);

	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		if (connect_wait(line->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
				 attempt->until_ns) == 0)
			return 0;
		return prober_fail(attempt, "it says nothing");
	}
	if (verified != X509_V_OK)
		return prober_fail(attempt, "%s", X509_verify_cert_error_string(verified));
	return prober_fail(attempt, "no TLS with it");
}

static SSL *ssl_new(SSL_CTX *context, const struct line *line)
{
	const struct probe *probe = line->attempt->probe;
	SSL *ssl;

	if (!context)
		return NULL;
	(void)SSL_CTX_set_default_verify_paths(context);
	(void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(context);
	if (!ssl)
		return NULL;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (probe_has_address(probe)) {
		(void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), probe->host);
	} else {
		(void)SSL_set1_host(ssl, probe->host);
		(void)SSL_set_tlsext_host_name(ssl, probe->host);
	}
	(void)SSL_set_fd(ssl, line->fd);
	return ssl;
}

static int shake_hands(const struct line *line)
{
	int r = SSL_connect(line->ssl);

	while (r != 1) {
		if (wait_for_tls(line, r) < 0)
			return -1;
		r = SSL_connect(line->ssl);
	}
	return 0;
}

/* Of some bytes, or -1. */
static ssize_t put(const struct line *line, const char *bytes, size_t len)
{
	for (;;) {
		ssize_t n = line->ssl ? SSL_write(line->ssl, bytes, (int)len)
				      : send(line->fd, bytes, len, MSG_NOSIGNAL);

		if (n > 0)
			return n;
		if (line->ssl) {
			if (wait_for_tls(line, (int)n) < 0)
				return -1;
		} else if (errno != EAGAIN ||
			   connect_wait(line->fd, POLLOUT, line->attempt->until_ns) < 0) {
			return prober_fail(line->attempt, "it takes no request");
		}
	}
}

/* 0 at its end. */
static ssize_t get(const struct line *line, char *bytes, size_t len)
{
	for (;;) {
		ssize_t n = line->ssl ? SSL_read(line->ssl, bytes, (int)len)
				      : recv(line->fd, bytes, len, 0);

		if (n >= 0 && !line->ssl)
			return n;
		if (n > 0)
			return n;
		if (line->ssl) {
			if (wait_for_tls(line, (int)n) < 0)
				return -1;
		} else if (errno != EAGAIN ||
			   connect_wait(line->fd, POLLIN, line->attempt->until_ns) < 0) {
			return prober_fail(line->attempt, "it says nothing");
		}
	}
}

static int ask(const struct line *line)
{
	const struct probe *probe = line->attempt->probe;
	const char *path = probe->text + probe->path;
	bool is_v6 = strchr(probe->host, ':');
	char request[REQUEST_BYTES];
	size_t len, done = 0;
	ssize_t n = 0;

	text_format(request, sizeof(request),
		    "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: constable\r\n"
		    "Accept: */*\r\nConnection: close\r\n\r\n",
		    *path ? path : "/", is_v6 ? "[" : "", probe->host, is_v6 ? "]" : "",
		    probe->port);
	len = strlen(request);
	while (done < len && n >= 0) {
		n = put(line, request + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -1 : 0;
}

static int read_status(const struct line *line)
{
	char text[STATUS_LINE_BYTES + 1];
	const char *at = text;
	uint64_t status = 0;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < STATUS_LINE_BYTES && !memchr(text, '\n', len)) {
		n = get(line, text + len, STATUS_LINE_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return -1;
	text[len] = '\0';
	if ((!scan_text(&at, "HTTP/1.1 ") && !scan_text(&at, "HTTP/1.0 ")) ||
	    !scan_u64(&at, &status) || status < 100 || status > 999)
		return prober_fail(line->attempt, "what it says is no HTTP");
	return status < 500
		       ? 0
		       : prober_fail(line->attempt, "it answers with status %u", (unsigned)status);
}

int prober_http(struct attempt *attempt)
{
	bool is_secure = attempt->probe->kind == PROBE_HTTPS;
	CLEANUP(fd) int fd = prober_connect(attempt);
	__attribute__((cleanup(context_cleanup))) SSL_CTX *context =
		fd >= 0 && is_secure ? SSL_CTX_new(TLS_client_method()) : NULL;
	struct line line = { attempt, fd, NULL };
	__attribute__((cleanup(ssl_cleanup))) SSL *ssl = ssl_new(context, &line);

	if (fd < 0)
		return -1;
	line.ssl = ssl;
	if (is_secure && !ssl)
		return prober_fail(attempt, "OpenSSL could not be set up");
	if (ssl && shake_hands(&line) < 0)
		return -1;
	return ask(&line) < 0 ? -1 : read_status(&line);
}
