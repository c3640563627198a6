#include "net/nats.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "net/nats_internal.h"
#include "net/stream_internal.h"
#include "net/tls.h"

#define DEADLINE_S 30
#define PING_S 60 /* and one that is not answered for so long ends it */
#define READ_AHEAD_BYTES (NATS_LINE_MAX_BYTES + NATS_PAYLOAD_MAX_BYTES + 64)

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
	free(nats);
}

void nats_fail(struct nats *nats, const struct error *err)
{
	nats->config.handle_down(nats, err, nats->config.data);
	nats_close(nats);
}

void nats_send_text(struct nats *nats, const char *text)
{
	if (bufferevent_write(nats->stream, text, strlen(text)) < 0)
		abort();
}

void nats_arm(struct nats *nats)
{
	static const struct timeval every = { .tv_sec = PING_S };

	(void)event_add(&nats->timer, &every);
}

/* --- the stream ------------------------------------------------------------------------------ */

static void handle_read(struct bufferevent *stream UNUSED, void *data)
{
	nats_read(data);
}

static void handle_write(struct bufferevent *stream UNUSED, void *data)
{
	struct nats *nats = data;

	if (nats->step == NATS_UP)
		nats->config.handle_drained(nats, nats->config.data);
}

static void explain(const struct nats *nats, short what, struct error *err)
{
	unsigned long code = bufferevent_get_openssl_error(nats->stream);

	if (code && (nats->step == NATS_SECURING || nats->step == NATS_SECURING_FIRST))
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
	int r = 0;

	if (!(what & BEV_EVENT_CONNECTED))
		explain(nats, what, &err);
	else if (nats->step == NATS_SECURING_FIRST)
		nats->step = NATS_HEARING;
	else if (nats->step == NATS_SECURING)
		r = nats_greet(nats, &err);
	if (r < 0 || !(what & BEV_EVENT_CONNECTED))
		nats_fail(nats, &err);
}

static void watch(struct nats *nats, struct bufferevent *stream)
{
	if (!stream)
		abort();
	nats->stream = stream;
	bufferevent_setcb(stream, handle_read, handle_write, handle_event, nats);
	bufferevent_setwatermark(stream, EV_READ, 0, READ_AHEAD_BYTES);
	(void)bufferevent_enable(stream, EV_READ | EV_WRITE);
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

static void start_tls(struct nats *nats, int fd)
{
	watch(nats,
	      bufferevent_openssl_socket_new(nats->base, fd, make_tls(nats),
					     BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE));
}

/* On the same socket. */
void nats_secure(struct nats *nats)
{
	int fd = bufferevent_getfd(nats->stream);

	(void)bufferevent_setfd(nats->stream, -1);
	bufferevent_free(nats->stream);
	nats->step = NATS_SECURING;
	start_tls(nats, fd);
}

/* --- connecting ------------------------------------------------------------------------------ */

int nats_greet(struct nats *nats, struct error *err)
{
	char *connect = nats_format_connect(&nats->config, nats->nonce, err);
	char line[512];

	if (!connect)
		return err->code;
	nats->step = NATS_GREETING;
	nats_send_text(nats, connect);
	explicit_bzero(connect, strlen(connect));
	free(connect);
	for (unsigned i = 0; i < NATS_MAX_SUBJECTS && nats->config.subjects[i]; i++) {
		text_format(line, sizeof(line), "SUB %s %u\r\n", nats->config.subjects[i], i + 1);
		nats_send_text(nats, line);
	}
	nats_send_text(nats, "PING\r\n");
	nats->is_asked = true;
	return 0;
}

static void handle_connected(struct connecting *connecting, int fd, const struct error *err)
{
	struct nats *nats = container_of(connecting, struct nats, connecting);

	if (err) {
		nats_fail(nats, err);
		return;
	}
	if (nats->config.tls && nats->config.is_tls_first) {
		nats->step = NATS_SECURING_FIRST;
		start_tls(nats, fd);
		return;
	}
	nats->step = NATS_HEARING;
	watch(nats, bufferevent_socket_new(nats->base, fd, BEV_OPT_CLOSE_ON_FREE));
}

/* What a name stands for is not for the name to say. */
static int keep_to_this_host(struct nats *nats, struct error *err)
{
	struct resolve *resolve = &nats->resolve;
	unsigned n = 0;

	for (unsigned i = 0; nats->config.is_local && i < resolve->n_addresses; i++)
		if (resolve_address_is_loopback(&resolve->addresses[i]))
			resolve->addresses[n++] = resolve->addresses[i];
	if (!nats->config.is_local)
		return 0;
	resolve->n_addresses = n;
	return n ? 0
		 : error_set(err, -EPERM, "%s is not this host, and without TLS no other is asked",
			     nats->url.host);
}

static void handle_resolved(struct resolve *resolve, const struct error *err)
{
	struct nats *nats = container_of(resolve, struct nats, resolve);
	struct error why = { 0 };

	if (err) {
		why = *err;
		error_wrap(&why, "resolve %s", nats->url.host);
	}
	if (err || keep_to_this_host(nats, &why) < 0)
		nats_fail(nats, &why);
	else
		connecting_start(&nats->connecting, nats->base, resolve, handle_connected);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct nats *nats = data;
	struct error err = { 0 };

	if (nats_confirm(nats) == 0)
		return;
	error_set(&err, -ETIMEDOUT, "%s does not answer", nats->url.host);
	nats_fail(nats, &err);
}

static int start(struct nats *nats, struct error *err)
{
	const struct nats_config *config = &nats->config;
	char text[URL_HOST_BYTES + 32];
	int r;

	text_format(text, sizeof(text),
		    strchr(config->host, ':') ? "http://[%s]:%u" : "http://%s:%u", config->host,
		    config->port);
	r = url_parse(text, strlen(text), &nats->url, err);
	if (r < 0)
		return r;
	if (!resolve_literal(&nats->resolve, config->host, config->port))
		return resolve_start(&nats->resolve, nats->base, config->resolver, &nats->url,
				     handle_resolved, err);
	r = keep_to_this_host(nats, err);
	if (r == 0)
		connecting_start(&nats->connecting, nats->base, &nats->resolve, handle_connected);
	return r;
}

struct nats *nats_connect(struct event_base *base, const struct nats_config *config,
			  struct error *err)
{
	static const struct timeval limit = { .tv_sec = DEADLINE_S };
	struct nats *nats = calloc(1, sizeof(*nats));

	if (!nats)
		abort();
	nats->base = base;
	nats->config = *config;
	if (config->tls)
		SSL_CTX_up_ref(config->tls);
	resolve_init(&nats->resolve);
	if (event_assign(&nats->timer, base, -1, 0, handle_timer, nats) < 0)
		abort();
	if (start(nats, err) < 0) {
		nats_close(nats);
		return NULL;
	}
	(void)event_add(&nats->timer, &limit);
	return nats;
}

/* --- what we say ----------------------------------------------------------------------------- */

int nats_confirm(struct nats *nats)
{
	if (nats->step != NATS_UP)
		return -ENOTCONN;
	if (nats->is_asked)
		return -EALREADY;
	nats->is_asked = true;
	nats_send_text(nats, "PING\r\n");
	nats_arm(nats);
	return 0;
}

int nats_publish(struct nats *nats, const char *subject, const void *payload, size_t len)
{
	char line[512];

	if (nats->step != NATS_UP)
		return -ENOTCONN;
	if (len > nats->max_payload)
		return -E2BIG;
	if (stream_queued_bytes(nats->stream) + len > NATS_QUEUED_MAX_BYTES)
		return -ENOBUFS;
	text_format(line, sizeof(line), "PUB %s %zu\r\n", subject, len);
	nats_send_text(nats, line);
	if (bufferevent_write(nats->stream, payload, len) < 0)
		abort();
	nats_send_text(nats, "\r\n");
	return 0;
}
