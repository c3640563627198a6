/* For tests: an HTTP server whose paths do what tests need, and one raw client of it. */
#pragma once

#include "net/http_server.h"
#include "net/test_peer.h"

/* A server, and all that its handler saw. */
struct test_site {
	struct event_base *base;
	struct http_server *server;
	struct http_server_config config;
	uint16_t port;
	struct test_peer peer;

	unsigned n_requests, n_gone, n_over, n_done;
	char last[256]; /* method, path and body of the last request */
	struct http_request *held;
	struct http_stream *stream;
	unsigned n_drained;
	size_t body_limit;
};

/*
 * With the site's config. A stream is held by whom "for" of its query names, for "ms" milliseconds.
 * /hold /keep /stream /big /error /none; any other path is echoed.
 */
void test_site_open(struct test_site *site);
void test_site_close(struct test_site *site);
/* Sends it and waits for the answer to hold that text. */
void test_site_ask(struct test_site *site, const char *request, const char *answer);
/* How often the client has received the text. */
unsigned test_site_count(const struct test_peer *peer, const char *text);

/* For config.handle_head: answers /forbidden with 403, and welcomes body_limit bytes. */
size_t test_site_handle_head(struct http_request *request, void *data);
