/*
 * constable-server: the control plane as one process, one loop.
 *
 * It starts in this order: settings, log, state folder and its lock, sockets, TLS, store, its
 * own walls; requests are served from then on, and answered 503 until the store is ready. The first
 * start makes the authorities, the org "default" and its admin's key.
 */
#pragma once

#include "base/notify.h"
#include "courier/collector.h"
#include "courier/model_endpoints.h"
#include "net/tls.h"
#include "server/api/api.h"
#include "server/org/vault.h"
#include "server/server_orgs.h"
#include "server/settings.h"

#define SERVER_PATH_BYTES 4096
#define SERVER_MAX_LISTENERS 16
#define SERVER_URL_BYTES 512

/* Where things lie; made by server_place_open(). */
struct server_place {
	char state[SERVER_PATH_BYTES - 256];
	char ca[SERVER_PATH_BYTES];
	char database[SERVER_PATH_BYTES];
	char executables[SERVER_PATH_BYTES];
	int lock;
};

/* Makes the folders and takes the lock: -EBUSY where another server has it. */
int server_place_open(struct server_place *place, const struct config *config,
		      struct error *err) MUST_CHECK;
void server_place_close(struct server_place *place);

/* Who the server is to its clients. */
struct server_identity {
	SSL_CTX *tls; /* NULL: plain HTTP */
	char *ca_pem; /* what agents have to trust */
	char pin[64];
	char url[SERVER_URL_BYTES]; /* public */
};

struct alerts;
struct exports;
struct replicas;
struct respond;
struct tenure;
struct vault;

struct server {
	struct config *config;
	struct server_place place;
	struct server_identity identity;
	struct event_base *base;
	struct api_config api_config;
	struct api api;
	struct courier *courier;
	struct model_endpoints models;
	struct collector collector; /* of traces; without a URL: none */
	struct exports *exports;    /* or NULL */
	struct vault *vault;
	bool is_alone;  /* no other server can have our database */
	char owner[65]; /* who we are, for what the store holds of us; the same after a restart */
	char *delivery_ca; /* PEM, or NULL */
	EVP_PKEY *anchor_key;
	struct alerts *alerts;
	struct replicas *replicas; /* NULL: it is alone */
	struct respond *respond;
	struct server_news news;
	struct tenure *tenure;
	char anchor_text[768];
	int sockets[SERVER_MAX_LISTENERS];
	struct http_server *listeners[SERVER_MAX_LISTENERS];
	unsigned n_listeners;
	struct http_server *control;
	struct notify notify;
	struct event *signals[2], *watchdog, *upkeep, *drain;
	unsigned n_closing; /* while it shuts down: what has to end before */
	unsigned n_drain_looks;
	bool is_closing;
	int status; /* of the process */
};

/* Opens sockets and serves until a signal. 0, or a negative errno with 'err'. */
int server_run(struct config *config, struct error *err) MUST_CHECK;

/* server_listen.c: fills sockets; 'port_out' is the one that they have. */
int server_listen(struct server *server, uint16_t *port_out, struct error *err) MUST_CHECK;

/* server_tls.c: makes or loads key and certificate; again later, when they near their end. */
int server_identity_open(struct server *server, uint16_t port, struct error *err) MUST_CHECK;
int server_identity_renew(struct server *server, struct error *err) MUST_CHECK;
void server_identity_close(struct server_identity *identity);

/* server_start.c: what happens when the store is ready; -1 from 'status' on failure. */
void server_load_orgs(struct server *server);

/* server_gateway.c: MCP for the fleet, and whose access tokens are taken there. */
int server_gateway_open(struct server *server, struct error *err) MUST_CHECK;
void server_gateway_close(struct server *server);

/* server_tenure.c: streams end when the key that opened them is revoked. */
void server_tenure_open(struct server *server);
void server_tenure_close(struct server *server);

/* server_inquiries.c: what investigates; before the walls, and with the store and the hub. */
int server_inquiries_open(struct server *server, struct error *err) MUST_CHECK;
/*
 * server_traces.c: who is told of investigations as traces. Loaded before anything is started,
 * for what the environment says is wiped there.
 */
int server_traces_configure(struct server *server, struct error *err) MUST_CHECK;
void server_traces_open(struct server *server);
void server_traces_close(struct server *server);
/*
 * server_replicas.c: other servers on our database. Each counts its beats there; who sees those
 * of another stand still for the silence that this one promised (replica_silence) takes over what
 * it had, one of all who see it, in one batch. Nobody's wall clock counts. From the store's being
 * ready on. The hub gives calls only while others cannot have seen us as dead.
 */
#define REPLICA_BEATS 5 /* within that silence */
#define REPLICA_MIN_SILENCE_NS (NS_PER_SEC)
#define REPLICA_MAX_SILENCE_NS (600 * NS_PER_SEC)
#define REPLICAS_MAX 64
/* Who we are, and whether there can be others; our key is loaded. */
int server_replicas_configure(struct server *server, struct error *err) MUST_CHECK;
void server_replicas_start(struct server *server);
void server_replicas_close(struct server *server);

/* server_deliveries.c: what tells destinations; before the walls. */
int server_deliveries_open(struct server *server, struct error *err) MUST_CHECK;
void server_deliveries_close(struct server *server);
/* server_incidents.c: alerts become incidents, and what becomes of those is told on. */
void server_incidents_open(struct server *server);
/* Their pipelines begin: the store is ready. */
void server_incidents_start(struct server *server);
void server_incidents_close(struct server *server);

/* server_upkeep.c: removes what has expired long ago. */
void server_upkeep(struct server *server);

/* server_walls.c: from here on it can only serve, keep its files and ask its store. */
int server_confine(const struct server *server, struct error *err) MUST_CHECK;

/* control.c: the socket STATE/control.sock, for commands on this machine. */
int control_open(struct server *server, struct error *err) MUST_CHECK;

extern const struct route *const server_routes[];
