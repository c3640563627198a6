/*
 * Flows: who talks to whom over TCP, as sockets show it while hosts are investigated.
 *
 * A host's list_sockets gives its ends of established connections, its get_network the addresses
 * by which others may know it; the address that its link comes from counts as well. A flow is kept
 * from its last sight on for FLOW_KEPT_NS. Hosts say it: it is a hint, never proof.
 */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define FLOW_KEPT_NS (7 * 86400 * NS_PER_SEC)
#define FLOW_MAX_PER_ORG 10000 /* then the oldest go first */
#define FLOW_MAX_PER_LOOK 28   /* in each direction, the most frequent */
#define FLOW_MAX_ADDRESSES 16  /* of a host */
#define FLOW_MAX_READ 1000     /* the newest */

/* What a host answered; borrowed. */
struct flow_evidence {
	const char *org, *agent;
	const char *tool;
	const char *bytes; /* JSON text */
};

/* Into the store, if that says anything of it; a failure is logged, for it is seen again. */
void flow_take(struct store *store, const struct flow_evidence *evidence);

/* From a client to a server's port; texts are borrowed from the rows. */
struct flow {
	const char *client, *server;                 /* host names */
	const char *client_process, *server_process; /* "": unknown */
	int64_t port;
	int64_t seen;
};

/* $1 is the org. */
extern const char flow_sql[];
/* Those of which both hosts are known; returns how many, at most FLOW_MAX_READ. */
unsigned flow_read(const struct store_rows *rows, struct flow flows_out[FLOW_MAX_READ]);

/* Removes what was not seen for long: steps for a batch of all orgs. */
#define FLOW_UPKEEP_STEPS 2
void flow_upkeep_steps(struct store_value params_out[1],
		       struct store_step steps_out[FLOW_UPKEEP_STEPS]);
