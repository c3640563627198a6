#include "net/dial.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial_internal.h"
#include "net/stream_internal.h"
#include "net/websocket_internal.h"

#define DEADLINE_DEFAULT_NS (30 * NS_PER_SEC)
#define READ_AHEAD_BYTES (64 * KIB)

static void dial_free(struct dial *dial)
{
	(void)event_del(&dial->deadline);
	resolve_finish(&dial->resolve);
	connecting_finish(&dial->connecting);
	http_parser_free(dial->parser);
	stream_free(dial->stream);
	SSL_CTX_free(dial->tls);
	url_finish(&dial->url);
	url_finish(&dial->proxy);
	/* They hold credentials. */
	if (dial->request)
		explicit_bzero(dial->request, strlen(dial->request));
	if (dial->connect_request)
		explicit_bzero(dial->connect_request, strlen(dial->connect_request));
	free(dial->request);
	free(dial->connect_request);
	free(dial);
}

static void finish(struct dial *dial, struct dial_outcome *outcome)
{
	dial->handle_done(dial, outcome, dial->data);
	dial_free(dial);
}

static void fail(struct dial *dial, const struct error *err)
{
	struct dial_outcome outcome = { .err = *err };

	finish(dial, &outcome);
}

static bool has_proxy(const struct dial *dial)
{
	return dial->proxy.target;
}

static void handle_read(struct bufferevent *stream, void *data);
static void handle_event(struct bufferevent *stream, short what, void *data);

static void watch(struct dial *dial)
{
	if (!dial->stream)
		abort();
	bufferevent_setcb(dial->stream, handle_read, NULL, handle_event, dial);
	bufferevent_setwatermark(dial->stream, EV_READ, 0, READ_AHEAD_BYTES);
	(void)bufferevent_enable(dial->stream, EV_READ | EV_WRITE);
}

static void ask(struct dial *dial, enum dial_step step, const char *request, const char *method)
{
	dial->step = step;
	dial->parser = http_response_parser_new(HTTP_HEAD_MAX_BYTES, method);
	if (bufferevent_write(dial->stream, request, strlen(request)) < 0)
		abort();
}

/* Who the server must be, by its certificate. */
static SSL *make_tls(const struct dial *dial)
{
	SSL *tls = SSL_new(dial->tls);
	int r;

	if (!tls)
		abort();
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (dial->url.host_kind == URL_NAME) {
		r = SSL_set1_host(tls, dial->url.host) &&
		    SSL_set_tlsext_host_name(tls, dial->url.host);
	} else {
		r = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), dial->url.host);
	}
	if (r != 1)
		abort(); /* a URL has only hosts that OpenSSL takes */
	return tls;
}

/* The connection reaches the server itself now. */
static void start_talking(struct dial *dial, int fd)
{
	if (!url_is_secure(&dial->url)) {
		dial->stream = bufferevent_socket_new(dial->base, fd, BEV_OPT_CLOSE_ON_FREE);
		watch(dial);
		ask(dial, DIAL_UPGRADING, dial->request, "GET");
		return;
	}
	dial->step = DIAL_SECURING;
	dial->stream = bufferevent_openssl_socket_new(
		dial->base, fd, make_tls(dial), BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	watch(dial);
}

static void handle_connected(struct connecting *connecting, int fd, const struct error *err)
{
	struct dial *dial = container_of(connecting, struct dial, connecting);

	if (err) {
		fail(dial, err);
	} else if (has_proxy(dial)) {
		dial->stream = bufferevent_socket_new(dial->base, fd, BEV_OPT_CLOSE_ON_FREE);
		watch(dial);
		ask(dial, DIAL_ASKING_PROXY, dial->connect_request, "CONNECT");
	} else {
		start_talking(dial, fd);
	}
}

static void start_connecting(struct dial *dial)
{
	dial->step = DIAL_CONNECTING;
	connecting_start(&dial->connecting, dial->base, &dial->resolve, handle_connected);
}

static void handle_resolved(struct resolve *resolve, const struct error *err)
{
	struct dial *dial = container_of(resolve, struct dial, resolve);
	struct error why;

	if (!err) {
		start_connecting(dial);
		return;
	}
	why = *err;
	error_wrap(&why, "resolve %s", has_proxy(dial) ? dial->proxy.host : dial->url.host);
	fail(dial, &why);
}

/* A tunnel is open; nobody may have spoken in it yet. */
static void leave_proxy(struct dial *dial)
{
	struct error err = { 0 };
	int fd;

	if (dial_check_connect(http_parser_message(dial->parser), &err) < 0) {
		fail(dial, &err);
		return;
	}
	if (evbuffer_get_length(bufferevent_get_input(dial->stream))) {
		error_set(&err, -EPROTO, "the proxy says more than it was asked");
		fail(dial, &err);
		return;
	}
	http_parser_free(dial->parser);
	dial->parser = NULL;
	/* Frees the stream and keeps its socket. */
	fd = bufferevent_getfd(dial->stream);
	(void)bufferevent_setfd(dial->stream, -1);
	bufferevent_free(dial->stream);
	dial->stream = NULL;
	start_talking(dial, fd);
}

static void become_websocket(struct dial *dial)
{
	struct websocket_origin origin = { .role = WEBSOCKET_CLIENT, .address = "" };
	struct dial_outcome outcome = { 0 };

	if (dial_check_upgrade(dial, http_parser_message(dial->parser), &outcome) == 0) {
		origin.stream = TAKE(dial->stream);
		outcome.ws = websocket_new(&origin, &dial->websocket);
	}
	finish(dial, &outcome);
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct dial *dial = data;
	const struct http_message *answer;
	struct error err = { 0 };
	ssize_t n = 1;

	if (!dial->parser)
		return;
	answer = http_parser_message(dial->parser);
	while (answer->state == HTTP_IN_HEAD && n > 0) {
		struct evbuffer_iovec chunk = { 0 };

		(void)evbuffer_peek(input, -1, NULL, &chunk, 1);
		n = http_parser_feed(dial->parser, chunk.iov_base, chunk.iov_len, &err);
		if (n > 0)
			(void)evbuffer_drain(input, (size_t)n);
	}
	if (n < 0) {
		err.code = -EPROTO;
		fail(dial, &err);
	} else if (answer->state == HTTP_HEAD_DONE) {
		if (dial->step == DIAL_ASKING_PROXY)
			leave_proxy(dial);
		else
			become_websocket(dial);
	}
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct dial *dial = data;
	struct error err = { 0 };

	if (what & BEV_EVENT_CONNECTED) {
		if (dial->step == DIAL_SECURING)
			ask(dial, DIAL_UPGRADING, dial->request, "GET");
		return;
	}
	dial_explain(dial, what, &err);
	fail(dial, &err);
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	static const char *const doing[] = {
		[DIAL_RESOLVING] = "resolving its name",     [DIAL_CONNECTING] = "connecting",
		[DIAL_ASKING_PROXY] = "asking the proxy",    [DIAL_SECURING] = "the TLS handshake",
		[DIAL_UPGRADING] = "waiting for its answer",
	};
	struct dial *dial = data;
	struct error err = { 0 };

	error_set(&err, -ETIMEDOUT, "%s: time ran out while %s", dial->url.host, doing[dial->step]);
	fail(dial, &err);
}

static int parse_proxy(struct dial *dial, const struct dial_config *config, struct error *err)
{
	int r;

	if (!config->proxy || !*config->proxy || dial_is_exempt(config->no_proxy, dial->url.host))
		return 0;
	r = url_parse(config->proxy, strlen(config->proxy), &dial->proxy, err);
	/* Not the text itself: it may hold a password. */
	if (r < 0)
		return error_wrap(err, "the proxy's URL");
	if (dial->proxy.scheme != URL_HTTP)
		return error_set(err, -EINVAL, "a proxy's URL begins with http://");
	dial_format_connect(dial);
	return 0;
}

static int configure(struct dial *dial, const struct dial_config *config, struct error *err)
{
	int r = url_parse(config->url, strlen(config->url), &dial->url, err);

	if (r < 0)
		return error_wrap(err, "the server's URL");
	if ((dial->url.scheme != URL_WS && dial->url.scheme != URL_WSS) || dial->url.user)
		return error_set(err, -EINVAL, "expected ws:// or wss:// and no user");
	if (url_is_secure(&dial->url) && !config->tls)
		return error_set(err, -EINVAL, "wss:// needs TLS");
	if (config->tls) {
		SSL_CTX_up_ref(config->tls);
		dial->tls = config->tls;
	}
	r = parse_proxy(dial, config, err);
	return r < 0 ? r : dial_format_request(dial, config->headers, err);
}

static int start(struct dial *dial, const char *resolver, struct error *err)
{
	const struct url *to = has_proxy(dial) ? &dial->proxy : &dial->url;

	if (resolve_literal(&dial->resolve, to->host, to->port)) {
		start_connecting(dial);
		return 0;
	}
	dial->step = DIAL_RESOLVING;
	return resolve_start(&dial->resolve, dial->base, resolver, to, handle_resolved, err);
}

struct dial *dial_start(struct event_base *base, const struct dial_config *config,
			struct error *err)
{
	struct dial *dial = calloc(1, sizeof(*dial));
	struct timeval limit =
		stream_timeval(config->deadline_ns ? config->deadline_ns : DEADLINE_DEFAULT_NS);

	if (!dial)
		abort();
	dial->base = base;
	dial->websocket = config->websocket;
	dial->handle_done = config->handle_done;
	dial->data = config->data;
	resolve_init(&dial->resolve);
	if (event_assign(&dial->deadline, base, -1, 0, handle_deadline, dial) < 0)
		abort();
	if (configure(dial, config, err) < 0 || start(dial, config->resolver, err) < 0) {
		dial_free(dial);
		return NULL;
	}
	(void)event_add(&dial->deadline, &limit);
	return dial;
}

void dial_cancel(struct dial *dial)
{
	if (dial)
		dial_free(dial);
}
