#include "net/nats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "net/connecting_internal.h"
#include "net/resolve_internal.h"
#include "net/stream_internal.h"
#include "net/tls.h"

#define DEADLINE_S 30
#define PING_S 60 /* and one that is not answered by the next ends it */
#define READ_AHEAD_BYTES (NATS_LINE_MAX_BYTES + NATS_PAYLOAD_MAX_BYTES + 64)

enum step {
	CONNECTING,
	HEARING, /* INFO */
	SECURING,
	GREETING, /* CONNECT is sent, and PING: PONG says that it was taken */
	UP,
};

struct nats {
	struct event_base *base;
	struct nats_config config;
	struct url url;
	struct resolve resolve;
	struct connecting connecting;
	struct bufferevent *stream;
	struct event timer;
	char *connect; /* the whole line, with credentials */
	enum step step;
	size_t max_payload;
	bool is_asked; /* PING, not answered yet */
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void nats_close(struct nats *nats)
{
	if (!nats)
		return;
	(void)event_del(&nats->timer);
	resolve_finish(&nats->resolve);
	connecting_finish(&nats->connecting);
	stream_free(nats->stream);
	SSL_CTX_free(nats->config.tls);
	url_finish(&nats->url);
	wipe(nats->connect);
	free(nats);
}

static void fail(struct nats *nats, const struct error *err)
{
	nats->config.handle_down(nats, err, nats->config.data);
	nats_close(nats);
}

static void send_text(struct nats *nats, const char *text)
{
	if (bufferevent_write(nats->stream, text, strlen(text)) < 0)
		abort();
}

/* --- what the server says --------------------------------------------------------------------- */

static void handle_read(struct bufferevent *stream, void *data);
static void handle_write(struct bufferevent *stream, void *data);
static void handle_event(struct bufferevent *stream, short what, void *data);

static void watch(struct nats *nats)
{
	if (!nats->stream)
		abort();
	bufferevent_setcb(nats->stream, handle_read, handle_write, handle_event, nats);
	bufferevent_setwatermark(nats->stream, EV_READ, 0, READ_AHEAD_BYTES);
	(void)bufferevent_enable(nats->stream, EV_READ | EV_WRITE);
}

static SSL *make_tls(const struct nats *nats)
{
	SSL *tls = SSL_new(nats->config.tls);
	int r;

	if (!tls)
		abort();
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (nats->url.host_kind == URL_NAME)
		r = SSL_set1_host(tls, nats->url.host) &&
		    SSL_set_tlsext_host_name(tls, nats->url.host);
	else
		r = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), nats->url.host);
	if (r != 1)
		abort(); /* a URL has only hosts that OpenSSL takes */
	return tls;
}

/* On the same socket. */
static void secure(struct nats *nats)
{
	int fd = bufferevent_getfd(nats->stream);

	(void)bufferevent_setfd(nats->stream, -1);
	bufferevent_free(nats->stream);
	nats->step = SECURING;
	nats->stream = bufferevent_openssl_socket_new(
		nats->base, fd, make_tls(nats), BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	watch(nats);
}

static void greet(struct nats *nats)
{
	char line[256];

	nats->step = GREETING;
	send_text(nats, nats->connect);
	for (unsigned i = 0; i < NATS_MAX_SUBJECTS && nats->config.subjects[i]; i++) {
		text_format(line, sizeof(line), "SUB %s %u\r\n", nats->config.subjects[i], i + 1);
		send_text(nats, line);
	}
	send_text(nats, "PING\r\n");
}

/* 1: the stream is another now, and what it has read was checked to be nothing. */
static int take_info(struct nats *nats, struct str payload, size_t left, struct error *err)
{
	const int64_t most = NATS_PAYLOAD_MAX_BYTES;
	CLEANUP(json)
	json_t *info = json_parse(payload.data, payload.len, NATS_LINE_MAX_BYTES, err);
	int64_t max = json_get_int(info, "max_payload", most);

	if (!info)
		return error_wrap(err, "the server's INFO");
	nats->max_payload = (size_t)(max < 0 || max > most ? most : max);
	if (nats->step != HEARING)
		return 0; /* of its cluster */
	if (!nats->config.tls) {
		if (json_get_bool(info, "tls_required", false))
			return error_set(err, -EPROTO,
					 "the server wants TLS: say tls://, and which "
					 "CA vouches for it");
		greet(nats);
		return 0;
	}
	if (left)
		return error_set(err, -EPROTO, "the server says more than INFO before TLS");
	secure(nats);
	return 1;
}

static void come_up(struct nats *nats)
{
	static const struct timeval every = { .tv_sec = PING_S };

	nats->is_asked = false;
	if (nats->step != GREETING)
		return;
	nats->step = UP;
	(void)event_add(&nats->timer, &every);
	nats->config.handle_up(nats, nats->config.data);
}

static int refuse(struct str why, struct error *err)
{
	bool is_about_us = str_starts(why, "Authorization") || str_starts(why, "Authentication") ||
			   str_starts(why, "User Authentication");

	return error_set(err, is_about_us ? -EACCES : -EREMOTEIO, "the server says: %.*s",
			 (int)(why.len > 200 ? 200 : why.len), why.data);
}

/* What may not be done is said of one subject; all else of NATS goes on. */
static bool is_mild(struct str why)
{
	return str_starts(why, "Permissions Violation") || str_starts(why, "Invalid Subject");
}

/* Negative: it is over. 1: the stream is another. */
static int take(struct nats *nats, const struct nats_said *said, size_t left, struct error *err)
{
	if (nats->step == HEARING && said->kind != NATS_INFO && said->kind != NATS_REFUSED)
		return error_set(err, -EPROTO, "the server does not say what it is");
	switch (said->kind) {
	case NATS_INFO:
		return take_info(nats, said->payload, left, err);
	case NATS_PING:
		send_text(nats, "PONG\r\n");
		return 0;
	case NATS_PONG:
		come_up(nats);
		return 0;
	case NATS_MESSAGE:
		nats->config.handle_message(said->subject, said->payload, nats->config.data);
		return 0;
	case NATS_REFUSED:
		return is_mild(said->payload) ? 0 : refuse(said->payload, err);
	case NATS_OK:
		break;
	}
	return 0;
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct nats *nats = data;
	struct error err = { 0 };
	int r = 0;

	while (r == 0) {
		size_t len = evbuffer_get_length(input);
		struct nats_said said;
		ssize_t used =
			nats_parse((const char *)evbuffer_pullup(input, -1), len, &said, &err);

		if (used == 0)
			return;
		r = used < 0 ? (int)used : take(nats, &said, len - (size_t)used, &err);
		if (r == 0)
			(void)evbuffer_drain(input, (size_t)used);
	}
	if (r < 0)
		fail(nats, &err);
}

static void handle_write(struct bufferevent *stream UNUSED, void *data)
{
	struct nats *nats = data;

	if (nats->step == UP)
		nats->config.handle_drained(nats, nats->config.data);
}

static void explain(const struct nats *nats, short what, struct error *err)
{
	unsigned long code = bufferevent_get_openssl_error(nats->stream);

	if (code && nats->step == SECURING)
		error_set(err, -EPROTO, "TLS with %s: %s", nats->url.host, tls_reason(code));
	else if (what & BEV_EVENT_EOF)
		error_set(err, -EPIPE, "the server closed the connection");
	else
		error_set(err, -EPIPE, "the connection broke: %s",
			  evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct nats *nats = data;
	struct error err = { 0 };

	if (what & BEV_EVENT_CONNECTED) {
		if (nats->step == SECURING)
			greet(nats);
		return;
	}
	explain(nats, what, &err);
	fail(nats, &err);
}

/* --- connecting ----------------------------------------------------------------------------------
 */

static void handle_connected(struct connecting *connecting, int fd, const struct error *err)
{
	struct nats *nats = container_of(connecting, struct nats, connecting);

	if (err) {
		fail(nats, err);
		return;
	}
	nats->step = HEARING;
	nats->stream = bufferevent_socket_new(nats->base, fd, BEV_OPT_CLOSE_ON_FREE);
	watch(nats);
}

static void handle_resolved(struct resolve *resolve, const struct error *err)
{
	struct nats *nats = container_of(resolve, struct nats, resolve);
	struct error why;

	if (!err) {
		connecting_start(&nats->connecting, nats->base, &nats->resolve, handle_connected);
		return;
	}
	why = *err;
	error_wrap(&why, "resolve %s", nats->url.host);
	fail(nats, &why);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	static const struct timeval every = { .tv_sec = PING_S };
	struct nats *nats = data;
	struct error err = { 0 };

	if (nats->step != UP || nats->is_asked) {
		error_set(&err, -ETIMEDOUT, "%s does not answer", nats->url.host);
		fail(nats, &err);
		return;
	}
	nats->is_asked = true;
	send_text(nats, "PING\r\n");
	(void)event_add(&nats->timer, &every);
}

struct nats *nats_connect(struct event_base *base, const struct nats_config *config,
			  struct error *err)
{
	static const struct timeval limit = { .tv_sec = DEADLINE_S };
	struct nats *nats = calloc(1, sizeof(*nats));
	char text[URL_HOST_BYTES + 32];

	if (!nats)
		abort();
	nats->base = base;
	nats->config = *config;
	if (config->tls)
		SSL_CTX_up_ref(config->tls);
	resolve_init(&nats->resolve);
	if (event_assign(&nats->timer, base, -1, 0, handle_timer, nats) < 0)
		abort();
	nats->connect = nats_format_connect(config);
	text_format(text, sizeof(text),
		    strchr(config->host, ':') ? "http://[%s]:%u" : "http://%s:%u", config->host,
		    config->port);
	if (url_parse(text, strlen(text), &nats->url, err) < 0)
		goto failed;
	if (resolve_literal(&nats->resolve, config->host, config->port))
		connecting_start(&nats->connecting, base, &nats->resolve, handle_connected);
	else if (resolve_start(&nats->resolve, base, config->resolver, &nats->url, handle_resolved,
			       err) < 0)
		goto failed;
	(void)event_add(&nats->timer, &limit);
	return nats;
failed:
	nats_close(nats);
	return NULL;
}

/* --- what we say
 * ---------------------------------------------------------------------------------- */

int nats_publish(struct nats *nats, const char *subject, const void *payload, size_t len)
{
	char line[512];

	if (nats->step != UP)
		return -ENOTCONN;
	if (len > nats->max_payload)
		return -E2BIG;
	if (stream_queued_bytes(nats->stream) + len > NATS_QUEUED_MAX_BYTES)
		return -ENOBUFS;
	text_format(line, sizeof(line), "PUB %s %zu\r\n", subject, len);
	send_text(nats, line);
	if (bufferevent_write(nats->stream, payload, len) < 0)
		abort();
	send_text(nats, "\r\n");
	return 0;
}
