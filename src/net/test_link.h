/* For tests: a WebSocket as a server has it, and a raw peer that sends any bytes to it. */
#pragma once

#include "net/http_server.h"
#include "net/test_peer.h"

#define TEST_UPGRADE                                                                               \
	"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

struct test_link {
	struct event_base *base;
	struct http_server *server;
	struct websocket_config config;
	struct test_peer peer;
	struct websocket *ws;
	unsigned n_messages, n_closed, n_drained, code;
	char reason[128];
	struct buf last;
	bool echo;
	unsigned n_done;
};

/* A server with the link's config; the peer is connected and has said nothing. */
void test_link_open(struct test_link *link);
/* As that, and the WebSocket is there. */
void test_link_upgrade(struct test_link *link);
void test_link_close(struct test_link *link);
/* A masked frame; the mask is 0, so that the payload reads as it is. */
void test_link_send(struct test_link *link, unsigned first, const char *payload, size_t len);
/* Both ends are through, and the owner was told this code. */
void test_link_check_closed(struct test_link *link, unsigned code);
/* The peer got a close frame with that code, and no reset. */
void test_link_check_told(const struct test_link *link, unsigned code);
