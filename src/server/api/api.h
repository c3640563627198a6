/* What every handler of the API may use, and the door through which requests come in. */
#pragma once

#include <event2/event.h>

#include "net/http_server.h"
#include "server/api/router.h"
#include "server/hub/hub.h"
#include "server/org/orgs.h"
#include "server/org/rate.h"

enum api_mode {
	API_SERVES,
	API_CHECKS, /* holds its own answers against their schemas: 500 with the reason */
};

/* Texts are borrowed. */
struct api_config {
	enum api_mode mode;
	const char *version;
	const char *public_url;     /* "https://host:8000", without a slash at its end */
	const char *ca_pem;         /* what agents have to trust */
	const char *pin;            /* of the server's key, "sha256//..." */
	const char *anchor_key;     /* key_text() of who signs anchors */
	const char *install_folder; /* of the templates of scripts; "": none */
	const char *dist_folder;    /* of what they fetch; "": none */
	unsigned strangers_per_minute;
};

struct api_counters {
	uint64_t requests[6]; /* by the hundreds of their status */
	uint64_t limited, unauthenticated, forbidden, bad_answers;
};

struct alerts;
struct attachments;
struct chat;
struct buf;
struct gateway;
struct incidents;
struct inquiries;
struct mcp_servers;
struct nonces;
struct oauth;
struct outbox;
struct realtime;
struct tool_info;

struct api {
	const struct api_config *config;
	struct event_base *base;
	struct store *store;
	struct orgs *orgs;
	struct hub *hub;
	struct realtime *realtime;
	struct inquiries *inquiries;
	struct attachments *attachments; /* of their requests */
	struct mcp_servers *mcp_servers; /* of others, for them */
	struct alerts *alerts;
	struct chat *chat; /* with who clicks there */
	struct incidents *incidents;
	const struct tool_info *tools; /* the catalogue this server was built with */
	struct router *router;
	struct rate *strangers;  /* by address */
	struct rate *guesses;    /* of codes that people type, by address */
	struct nonces *nonces;   /* given out for renewals */
	struct outbox *outbox;   /* of deliveries */
	struct gateway *gateway; /* of MCP */
	struct oauth *oauth;     /* NULL: no issuer is trusted */
	struct api_counters counters;
	uint64_t started_ns; /* wall clock */
	/* Whether investigations can have this engine; or NULL: nobody knows. */
	bool (*knows_engine)(const struct api *api, const char *engine);
	/* What the parts above add to /metrics; or NULL. */
	void (*add_metrics)(const struct api *api, struct buf *page);
};

/* For struct http_server_config; 'data' is the struct api. */
void api_handle_request(struct http_request *request, void *data);
size_t api_handle_head(struct http_request *request, void *data);
