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
