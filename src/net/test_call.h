/* For tests: a server, and a dial to it; both ends of the WebSocket are ours. */
#pragma once

#include "net/dial.h"
#include "net/http_server.h"
#include "net/test_peer.h"

enum test_security {
	TEST_PLAIN,
	TEST_TLS,
};

struct test_call {
	struct event_base *base;
	struct test_pki pki;
	SSL_CTX *server_tls, *client_tls;
	struct http_server *server;
	uint16_t port;
	char url[128];
	struct dial_config config;

	struct websocket *theirs, *ours;
	unsigned n_done, n_closed;
	struct dial_outcome outcome;
	char peer_name[64], heard[64];
	bool expired, resumed;
	char authorization[64];
};

/* Paths: /no /forbidden /plain /never; any other becomes a WebSocket that echoes. */
void test_call_open(struct test_call *call, const char *address, enum test_security security);
void test_call_close(struct test_call *call);
/* Dials with the call's config, and waits for the outcome. */
void test_call_dial(struct test_call *call, const char *host, const char *path);
void test_call_check_failed(struct test_call *call, int code);
void test_call_check_echo(struct test_call *call);
