/* For tests: a server of NATS that says what its test says, and a client; both on one loop. */
#pragma once

#include <event2/listener.h>

#include "net/nats.h"
#include "net/test_peer.h"

struct talk {
	struct event_base *base;
	struct evconnlistener *listener;
	struct bufferevent *server;
	struct buf heard; /* by the server */
	const char *info;
	uint16_t port;
	struct nats_config config;
	struct nats *client;
	unsigned n_accepted, n_up, n_messages, n_confirmed, n_refused, n_down;
	enum nats_refused refused;
	struct error why;
};

/* The server says 'info' to who comes; then the client's config may be changed. */
void talk_open(struct talk *talk, const char *info);
void talk_close(struct talk *talk);
void talk_dial(struct talk *talk);
/* Dials, and waits until it is up. */
void talk_come_up(struct talk *talk);
/* The server has heard that, and says this. */
bool talk_has_heard(const struct talk *talk, const char *text);
void talk_say(struct talk *talk, const char *text);
/* It ends, and the reason says so. */
void talk_check_ends(struct talk *talk, int code, const char *reason);
