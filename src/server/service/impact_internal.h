/* The graph behind an impact: services of the catalogue, and hosts that belong to none. */
#pragma once

#include "server/service/flow.h"
#include "server/service/impact.h"
#include "server/pipeline/service.h"

#define GRAPH_MAX_HOSTS 256
#define GRAPH_MAX_EDGES 8192

/* One that needs another. */
struct edge {
	size_t from, to;
	int64_t seen;     /* 0: the catalogue declares it, else when sockets last showed it */
	const char *host; /* of the server, if they did; borrowed from the rows */
};

struct node {
	struct service service; /* without a document: a host */
	const char *host;
	unsigned depth;          /* of what it affects; 0: not, or it is hit */
	const struct edge *edge; /* by which it is affected */
	bool is_hit, is_below;   /* about the alerts; needed by one that is */
	const char *by;
};

struct graph {
	struct node *nodes; /* services by name, then hosts */
	size_t n_services, n;
	struct edge *edges; /* declared ones first, then by "to" and "from", the newest first */
	size_t n_edges;
};

/* The rows are borrowed for its life. */
void graph_init(struct graph *graph, const struct store_rows *services,
		const struct store_rows *flows);
void graph_finish(struct graph *graph);

const char *node_name(const struct node *node);
bool node_is_host(const struct node *node);
