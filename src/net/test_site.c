#include "net/test_site.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"
#include "net/listen.h"

static void handle_gone(struct http_request *request)
{
	struct test_site *site = request->data;

	site->n_gone++;
	site->held = NULL;
}

static void handle_stream_gone(struct http_stream *stream UNUSED, void *data)
{
	struct test_site *site = data;

	site->n_gone++;
	site->stream = NULL;
}

static void handle_stream_over(struct http_stream *stream, void *data)
{
	((struct test_site *)data)->n_over++;
	if (http_stream_write(stream, "farewell", 8) < 0)
		abort();
}

static void hold(struct http_request *request)
{
	const char *holder = http_request_query(request, "for");
	const char *ms = http_request_query(request, "ms");
	uint64_t left_ms = 0;

	if (ms && !scan_u64(&ms, &left_ms))
		abort();
	if (holder)
		http_request_hold(request, holder,
				  left_ms ? clock_monotonic_ns() + left_ms * NS_PER_MS : 0);
}

static void handle_drained(struct http_stream *stream UNUSED, void *data)
{
	((struct test_site *)data)->n_drained++;
}

static void reply_big(struct http_request *request)
{
	static const size_t len = 20 * MIB;
	char *body = malloc(len);

	memset(body, 'x', len);
	http_reply(request, 200, "text/plain", body, len);
	free(body);
}

static void handle_request(struct http_request *request, void *data)
{
	static const struct http_stream_handlers handlers = {
		.drained = handle_drained,
		.gone = handle_stream_gone,
		.over = handle_stream_over,
		.max_queued_bytes = 64 * KIB,
	};
	struct test_site *site = data;

	site->n_requests++;
	text_format(site->last, sizeof(site->last), "%s %s %s", request->method, request->path,
		    request->body);
	if (strcmp(request->path, "/hold") == 0 || strcmp(request->path, "/keep") == 0) {
		site->held = request;
		request->data = site;
		if (strcmp(request->path, "/hold") == 0)
			request->gone = handle_gone;
	} else if (strcmp(request->path, "/stream") == 0) {
		hold(request);
		site->stream =
			http_stream_start(request, 200, "text/event-stream", &handlers, site);
	} else if (strcmp(request->path, "/big") == 0) {
		reply_big(request);
	} else if (strcmp(request->path, "/error") == 0) {
		http_reply_header(request, "X-Evil", "a\r\nSet-Cookie: b");
		http_reply_error(request, 404, NULL, "nothing is here");
	} else if (strcmp(request->path, "/none") == 0) {
		http_reply(request, 204, NULL, NULL, 0);
	} else {
		http_reply(request, 200, "text/plain", site->last, strlen(site->last));
	}
}

size_t test_site_handle_head(struct http_request *request, void *data)
{
	struct test_site *site = data;

	if (strcmp(request->path, "/forbidden") == 0)
		http_reply_error(request, 403, NULL, "not for you");
	return site->body_limit;
}

void test_site_open(struct test_site *site)
{
	struct error err = { 0 };
	int fd = listen_open("127.0.0.1", 0, &err);

	CHECK_OK(fd, err);
	site->port = listen_port(fd);
	site->base = event_base_new();
	site->config.handle_request = handle_request;
	site->config.data = site;
	site->server = http_server_new(site->base, fd, &site->config);
	test_peer_connect(&site->peer, site->base, site->port, NULL);
}

void test_site_close(struct test_site *site)
{
	test_peer_finish(&site->peer);
	http_server_free(site->server);
	event_base_free(site->base);
}

unsigned test_site_count(const struct test_peer *peer, const char *text)
{
	const char *at = buf_text(&peer->received);
	unsigned n = 0;

	for (; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* Sends it and waits for that many answers of that status, and for the end where there is to be
 * one. */
void test_site_ask(struct test_site *site, const char *request, const char *answer)
{
	test_peer_send_text(&site->peer, request);
	LOOP_UNTIL(site->base, test_peer_has(&site->peer, answer));
}
