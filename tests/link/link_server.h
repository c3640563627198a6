/* What the parts of link_server share. */
#pragma once

#include "identity/ca.h"
#include "net/http_server.h"
#include "server/hub/events.h"
#include "server/hub/queue.h"

struct server {
	struct event_base *base;
	struct store *store;
	struct hub *hub;
	struct ca server_ca, org_ca;
	EVP_PKEY *anchor_key;
	uint16_t port, listen_port;
	unsigned n_renewed;
};

/* One order by HTTP; 'data' is the server. */
void order_handle(struct http_request *request, void *data);

/* ledger.c: calls of an agent after a cursor, events after a number. */
void ledger_of_calls(struct server *server, struct http_request *request);
void ledger_of_open_calls(struct server *server, struct http_request *request);
void ledger_of_events(struct server *server, struct http_request *request);
