/* What the files of dialling share: one attempt, and how its parts end. */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/connecting_internal.h"
#include "net/dial.h"
#include "net/resolve_internal.h"
#include "net/url.h"

enum dial_step {
	DIAL_RESOLVING,
	DIAL_CONNECTING,
	DIAL_ASKING_PROXY,
	DIAL_SECURING,
	DIAL_UPGRADING,
};

struct dial {
	struct event_base *base;
	struct url url, proxy; /* proxy.target NULL: none */
	SSL_CTX *tls;
	struct websocket_config websocket;
	void (*handle_done)(struct dial *dial, struct dial_outcome *outcome, void *data);
	void *data;

	enum dial_step step;
	struct event deadline;
	struct resolve resolve;
	struct connecting connecting;
	struct bufferevent *stream;
	struct http_parser *parser;
	char *request, *connect_request;
	char accept[32]; /* the answer to our key */
};

/* The texts that will be sent; false with 'err' for a header that cannot be. */
int dial_format_request(struct dial *dial, const struct http_field *headers,
			struct error *err) MUST_CHECK;
void dial_format_connect(struct dial *dial);

/* Whether the answer (its head) makes it a WebSocket; sets the outcome's status if not. */
int dial_check_upgrade(const struct dial *dial, const struct http_message *answer,
		       struct dial_outcome *outcome) MUST_CHECK;
int dial_check_connect(const struct http_message *answer, struct error *err) MUST_CHECK;

/* Why the stream broke, as an error. */
void dial_explain(const struct dial *dial, short what, struct error *err);
