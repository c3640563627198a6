/* What is said and heard while dialling. */
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "net/dial_internal.h"
#include "net/stream_internal.h"
#include "net/tls.h"
#include "net/websocket_internal.h"

#define REQUEST_MAX_BYTES (32 * KIB)

static bool is_header(const struct http_field *field)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";

	if (!*field->name || field->name[strspn(field->name, letters)])
		return false;
	for (const char *at = field->value; *at; at++)
		if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
			return false;
	return true;
}

static void make_key(char key[32])
{
	unsigned char bytes[16];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort();
	(void)base64_encode(bytes, sizeof(bytes), key);
}

int dial_format_request(struct dial *dial, const struct http_field *headers, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	char host[URL_HOST_BYTES + 16], key[32];

	make_key(key);
	websocket_accept_text(key, dial->accept);
	url_format_host(&dial->url, host, sizeof(host));
	buf_init(&text, REQUEST_MAX_BYTES);
	buf_add_format(
		&text,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n",
		dial->url.target, host, key);
	for (unsigned i = 0; i < DIAL_MAX_HEADERS && headers[i].name; i++) {
		/* Not its value: that may be a secret. */
		if (!is_header(&headers[i]))
			return error_set(err, -EINVAL, "the header '%.64s' cannot be sent",
					 headers[i].name);
		buf_add_format(&text, "%s: %s\r\n", headers[i].name, headers[i].value);
	}
	buf_add_text(&text, "\r\n");
	if (text.dropped)
		return error_set(err, -EINVAL, "the headers are too long");
	dial->request = text.data;
	text = (struct buf) { 0 };
	return 0;
}

static void add_credentials(const struct url *proxy, struct buf *text)
{
	char plain[2200], coded[BASE64_TEXT_BYTES(sizeof(plain))];

	text_format(plain, sizeof(plain), "%s:%s", proxy->user,
		    proxy->password ? proxy->password : "");
	buf_add_format(text, "Proxy-Authorization: Basic %s\r\n",
		       base64_encode(plain, strlen(plain), coded));
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(coded, sizeof(coded));
}

void dial_format_connect(struct dial *dial)
{
	CLEANUP(buf) struct buf text = { 0 };
	bool brackets = dial->url.host_kind == URL_IPV6;
	char host[URL_HOST_BYTES + 16];

	/* Here the port is always told. */
	text_format(host, sizeof(host), "%s%s%s:%u", brackets ? "[" : "", dial->url.host,
		    brackets ? "]" : "", dial->url.port);
	buf_init(&text, REQUEST_MAX_BYTES);
	buf_add_format(&text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", host, host);
	if (dial->proxy.user)
		add_credentials(&dial->proxy, &text);
	buf_add_text(&text, "\r\n");
	dial->connect_request = text.data;
	text = (struct buf) { 0 };
}

int dial_check_connect(const struct http_message *answer, struct error *err)
{
	if (answer->status / 100 == 2)
		return 0;
	/* Some say 401 where 407 is meant. */
	if (answer->status == 407 || answer->status == 401)
		return error_set(
			err, -EPERM,
			"the proxy answered %u %s; it wants http://USER:PASSWORD@HOST:PORT",
			answer->status, http_reason(answer->status));
	return error_set(err, answer->status == 403 ? -EPERM : -EREMOTEIO,
			 "the proxy answered %u %s", answer->status, http_reason(answer->status));
}

static int refuse_answer(const struct http_message *answer, struct dial_outcome *outcome)
{
	const char *retry = http_find(answer->fields, answer->n_fields, "retry-after");
	uint64_t seconds;
	int code = answer->status == 401 || answer->status == 403 ? -EACCES : -EREMOTEIO;

	outcome->http_status = answer->status;
	if (retry && scan_u64(&retry, &seconds) && !*retry && seconds < 86400)
		outcome->retry_after_s = (unsigned)seconds;
	return error_set(&outcome->err, code, "the server answered %u %s", answer->status,
			 http_reason(answer->status));
}

int dial_check_upgrade(const struct dial *dial, const struct http_message *answer,
		       struct dial_outcome *outcome)
{
	const char *upgrade = http_find(answer->fields, answer->n_fields, "upgrade");
	const char *accept = http_find(answer->fields, answer->n_fields, "sec-websocket-accept");

	if (answer->status != 101)
		return refuse_answer(answer, outcome);
	if (!answer->upgrade || !upgrade || strcasecmp(upgrade, "websocket") != 0 || !accept ||
	    strcmp(accept, dial->accept) != 0)
		return error_set(&outcome->err, -EPROTO, "the server speaks no WebSocket");
	if (http_find(answer->fields, answer->n_fields, "sec-websocket-extensions"))
		return error_set(&outcome->err, -EPROTO, "the server wants an extension");
	return 0;
}

/* Alerts by which a server says that it does not want our certificate. */
static bool is_about_our_certificate(unsigned long code)
{
	static const int reasons[] = {
		SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,     SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
		SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
		SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_TLSV1_ALERT_UNKNOWN_CA,
		SSL_R_TLSV1_ALERT_ACCESS_DENIED,       SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (ERR_GET_REASON(code) == reasons[i])
			return true;
	return false;
}

void dial_explain(const struct dial *dial, short what, struct error *err)
{
	const char *who = dial->step == DIAL_ASKING_PROXY ? "the proxy" : "the server";
	unsigned long code = bufferevent_get_openssl_error(dial->stream);
	SSL *tls = stream_tls(dial->stream);
	int sys = EVUTIL_SOCKET_ERROR();

	if (tls && SSL_get_verify_result(tls) != X509_V_OK)
		error_set(err, -EKEYREJECTED, "the certificate of %s: %s", dial->url.host,
			  X509_verify_cert_error_string(SSL_get_verify_result(tls)));
	else if (code && is_about_our_certificate(code))
		error_set(err, -EACCES, "the server refuses our certificate: %s",
			  ERR_reason_error_string(code));
	else if (code)
		error_set(err, -EPROTO, "TLS with %s: %s", dial->url.host, tls_reason(code));
	else if (what & BEV_EVENT_ERROR && sys)
		error_set(err, -sys, "%s: %s", who, strerror(sys));
	else
		error_set(err, -EPROTO, "%s closed the connection", who);
}
