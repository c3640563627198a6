#include <stdlib.h>
#include <string.h>

#include "server/service/impact_internal.h"

#define MAX_OF_END 8

/* The nodes that one end of a flow belongs to. */
struct places {
	size_t list[MAX_OF_END];
	unsigned n;
};

const char *node_name(const struct node *node)
{
	return node_is_host(node) ? node->host : service_name(&node->service);
}

bool node_is_host(const struct node *node)
{
	return !node->service.document;
}

static void load_services(struct graph *graph, const struct store_rows *rows)
{
	for (unsigned row = 0; row < rows->n_rows; row++) {
		CLEANUP(json) json_t *document = json_loads(store_text_at(rows, row, 0), 0, NULL);
		struct error err = { 0 };

		if (service_parse(document, &graph->nodes[graph->n].service, &err) == 0)
			graph->n++;
	}
	graph->n_services = graph->n;
}

static void add_edge(struct graph *graph, const struct edge *edge)
{
	if (edge->from != edge->to && graph->n_edges < GRAPH_MAX_EDGES)
		graph->edges[graph->n_edges++] = *edge;
}

static void declare_edges(struct graph *graph)
{
	for (size_t from = 0; from < graph->n_services; from++) {
		const json_t *list =
			json_object_get(graph->nodes[from].service.document, "depends_on");
		const json_t *name;
		size_t i;

		json_array_foreach(
			list, i,
			name) for (size_t to = 0; to < graph->n_services;
				   to++) if (strcmp(json_string_value(name),
						    service_name(&graph->nodes[to].service)) == 0)
			add_edge(graph, &(struct edge) { .from = from, .to = to });
	}
}

static void find_services(const struct graph *graph, const struct service_end *end,
			  enum service_fit wanted, struct places *places)
{
	for (size_t i = 0; i < graph->n_services && places->n < MAX_OF_END; i++)
		if (service_fits(&graph->nodes[i].service, end) == wanted)
			places->list[places->n++] = i;
}

static void find_host(struct graph *graph, const char *host, struct places *places)
{
	size_t i = graph->n_services;

	while (i < graph->n && strcmp(graph->nodes[i].host, host) != 0)
		i++;
	if (i == graph->n_services + GRAPH_MAX_HOSTS)
		return;
	if (i == graph->n)
		graph->nodes[graph->n++].host = host;
	places->list[places->n++] = i;
}

/* Those that it fits best; else its host stands for itself. */
static struct places find_places(struct graph *graph, const struct service_end *end)
{
	struct places places = { .n = 0 };

	find_services(graph, end, SERVICE_FITS, &places);
	if (!places.n)
		find_services(graph, end, SERVICE_FITS_HOST, &places);
	if (!places.n)
		find_host(graph, end->host, &places);
	return places;
}

static void observe_flow(struct graph *graph, const struct flow *flow)
{
	const struct places clients =
		find_places(graph, &(struct service_end) { flow->client, flow->client_process, 0 });
	const struct places servers = find_places(
		graph, &(struct service_end) { flow->server, flow->server_process, flow->port });

	for (unsigned c = 0; c < clients.n; c++)
		for (unsigned s = 0; s < servers.n; s++)
			add_edge(graph, &(struct edge) { .from = clients.list[c],
							 .to = servers.list[s],
							 .seen = flow->seen,
							 .host = flow->server });
}

static void observe_edges(struct graph *graph, const struct store_rows *rows)
{
	struct flow *flows = calloc(FLOW_MAX_READ, sizeof(*flows));
	unsigned n;

	if (!flows)
		abort();
	n = flow_read(rows, flows);
	for (unsigned i = 0; i < n; i++)
		observe_flow(graph, &flows[i]);
	free(flows);
}

static int compare_numbers(int64_t one, int64_t other)
{
	return (one > other) - (one < other);
}

static int compare_edges(const void *left, const void *right)
{
	const struct edge *one = left, *other = right;
	int order = compare_numbers(one->seen != 0, other->seen != 0);

	if (!order)
		order = compare_numbers((int64_t)one->to, (int64_t)other->to);
	if (!order)
		order = compare_numbers((int64_t)one->from, (int64_t)other->from);
	return order ? order : compare_numbers(other->seen, one->seen);
}

void graph_init(struct graph *graph, const struct store_rows *services,
		const struct store_rows *flows)
{
	*graph = (struct graph) {
		.nodes = calloc(services->n_rows + GRAPH_MAX_HOSTS, sizeof(*graph->nodes)),
		.edges = calloc(GRAPH_MAX_EDGES, sizeof(*graph->edges)),
	};
	if (!graph->nodes || !graph->edges)
		abort();
	load_services(graph, services);
	declare_edges(graph);
	observe_edges(graph, flows);
	qsort(graph->edges, graph->n_edges, sizeof(*graph->edges), compare_edges);
}

void graph_finish(struct graph *graph)
{
	for (size_t i = 0; i < graph->n_services; i++)
		service_finish(&graph->nodes[i].service);
	free(graph->nodes);
	free(graph->edges);
}
