/* The parts of a connection to NATS: its way up and down (nats.c), what the server says
 * (nats_said.c). */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event_struct.h>

#include "net/connecting_internal.h"
#include "net/nats.h"
#include "net/resolve_internal.h"

enum nats_step {
	NATS_CONNECTING,
	NATS_SECURING_FIRST, /* TLS before INFO */
	NATS_HEARING,        /* INFO */
	NATS_SECURING,
	NATS_GREETING, /* CONNECT is sent, and PING: PONG says that it was taken */
	NATS_UP,
};

struct nats {
	struct event_base *base;
	struct nats_config config;
	struct url url;
	struct resolve resolve;
	struct connecting connecting;
	struct bufferevent *stream;
	struct event timer;
	enum nats_step step;
	size_t max_payload;
	char nonce[NATS_NONCE_MAX_BYTES + 1];
	bool is_asked; /* PING, not answered yet */
};

/* nats.c. What it is said is over: the connection is freed. */
void nats_fail(struct nats *nats, const struct error *err);
void nats_send_text(struct nats *nats, const char *text);
/* Until the next PING, or while one is open until it fails. */
void nats_arm(struct nats *nats);
/* TLS on the same socket, or negative. */
int nats_greet(struct nats *nats, struct error *err) MUST_CHECK;
void nats_secure(struct nats *nats);

/* nats_said.c */
void nats_read(struct nats *nats);
