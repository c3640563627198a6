#include "server/service/impact.h"

#include <string.h>

#include "base/clock.h"
#include "server/pipeline/about.h"
#include "server/pipeline/alert_text.h"
#include "server/service/change.h"
#include "server/service/impact_internal.h"

/* 86400 s: IMPACT_CHANGES_S */
static const char changes_sql[] =
	"SELECT " CHANGE_COLUMNS " FROM changes WHERE org = $1 AND time >= (SELECT opened - "
	"86400000000000 FROM incidents WHERE org = $1 AND (id = $2 OR (number = $3 AND number > "
	"0))) AND time <= COALESCE((SELECT resolved FROM incidents WHERE org = $1 AND (id = $2 OR "
	"(number = $3 AND number > 0))), 9223372036854775807) ORDER BY time DESC, id LIMIT 500";

void impact_steps(const struct store_value params[3], struct store_step steps_out[IMPACT_STEPS])
{
	steps_out[0] = (struct store_step) { ABOUT_SERVICES_SQL, params, 1, STORE_ANY };
	steps_out[1] = (struct store_step) { changes_sql, params, 3, STORE_ANY };
	steps_out[2] = (struct store_step) { flow_sql, params, 1, STORE_ANY };
}

static void hit(struct node *node, const char *by)
{
	node->is_hit = true;
	node->by = by;
}

static bool hit_by_matchers(struct graph *graph, const json_t *alert)
{
	bool is_any = false;

	for (size_t i = 0; i < graph->n_services; i++) {
		if (!service_is_meant(&graph->nodes[i].service, alert))
			continue;
		hit(&graph->nodes[i], "matchers");
		is_any = true;
	}
	return is_any;
}

static void hit_host(struct graph *graph, const char *host)
{
	for (size_t i = 0; i < graph->n; i++) {
		struct node *node = &graph->nodes[i];

		if (!node->is_hit && (node_is_host(node) ? service_is_host(node->host, host)
							 : service_is_on(&node->service, host)))
			hit(node, "hosts");
	}
	for (size_t i = 0; i < graph->n_edges; i++) {
		struct node *node = &graph->nodes[graph->edges[i].to];

		if (!node->is_hit && graph->edges[i].seen &&
		    service_is_host(graph->edges[i].host, host))
			hit(node, "sockets");
	}
}

static void hit_by_hosts(struct graph *graph, const json_t *alert)
{
	char hosts[ALERT_MAX_HOSTS][ALERT_FILLED_BYTES];
	unsigned n = alert_hosts(alert, hosts);

	for (unsigned i = 0; i < n; i++)
		hit_host(graph, hosts[i]);
}

static void find_hit(struct graph *graph, const json_t *alerts)
{
	const json_t *row;
	size_t i;

	json_array_foreach(alerts, i, row)
	{
		const json_t *alert = json_object_get(row, "alert");

		if (i == IMPACT_MAX_ALERTS)
			break;
		if (!hit_by_matchers(graph, alert))
			hit_by_hosts(graph, alert);
	}
}

static bool is_reached(const struct node *node, unsigned depth)
{
	return depth == 0 ? node->is_hit : node->depth == depth;
}

/* Those that need one of the last depth; false where there are none. */
static bool spread(struct graph *graph, unsigned depth)
{
	bool is_any = false;

	for (size_t i = 0; i < graph->n_edges; i++) {
		const struct edge *edge = &graph->edges[i];
		struct node *node = &graph->nodes[edge->from];

		if (!is_reached(&graph->nodes[edge->to], depth) || node->is_hit || node->depth)
			continue;
		node->depth = depth + 1;
		node->edge = edge;
		is_any = true;
	}
	return is_any;
}

/* What those that are hit need, and what that needs. */
static void find_below(struct graph *graph)
{
	bool is_any = true;

	for (unsigned depth = 0; is_any && depth < IMPACT_MAX_DEPTH; depth++) {
		is_any = false;
		for (size_t i = 0; i < graph->n_edges; i++) {
			const struct node *above = &graph->nodes[graph->edges[i].from];
			struct node *node = &graph->nodes[graph->edges[i].to];

			if (!(above->is_hit || above->is_below) || node->is_hit || node->is_below)
				continue;
			node->is_below = is_any = true;
		}
	}
}

static json_t *list_hit(const struct graph *graph)
{
	static const char *const members[] = { "name", "criticality", "owner", "runbook" };
	json_t *list = json_array();

	for (size_t i = 0; i < graph->n_services; i++) {
		const struct node *node = &graph->nodes[i];
		json_t *one;

		if (!node->is_hit)
			continue;
		one = json_pack("{s:s}", "by", node->by);
		for (size_t k = 0; k < ARRAY_LEN(members); k++)
			json_object_set(one, members[k],
					json_object_get(node->service.document, members[k]));
		json_push(list, one);
	}
	return list;
}

static json_t *describe_affected(const struct graph *graph, const struct node *node)
{
	const char *name = node_name(node), *through = node_name(&graph->nodes[node->edge->to]);
	const char *criticality = json_get_text(node->service.document, "criticality", "");
	char seen[CLOCK_TEXT_BYTES];
	json_t *one =
		json_pack("{s:o, s:s, s:s, s:o, s:i, s:s}", "name", json_text(name, strlen(name)),
			  "kind", node_is_host(node) ? "host" : "service", "criticality",
			  criticality, "through", json_text(through, strlen(through)), "depth",
			  (int)node->depth, "by", node->edge->seen ? "observed" : "declared");

	if (node->edge->seen)
		json_put(one, "seen", json_string(clock_format((uint64_t)node->edge->seen, seen)));
	return one;
}

static json_t *list_affected(const struct graph *graph)
{
	json_t *list = json_array();

	for (unsigned depth = 1; depth <= IMPACT_MAX_DEPTH; depth++)
		for (size_t i = 0; i < graph->n; i++)
			if (graph->nodes[i].depth == depth &&
			    json_array_size(list) < IMPACT_MAX_AFFECTED)
				json_push(list, describe_affected(graph, &graph->nodes[i]));
	return list;
}

static bool concerns(const struct graph *graph, const char *service)
{
	for (size_t i = 0; i < graph->n_services; i++) {
		const struct node *node = &graph->nodes[i];

		if ((node->is_hit || node->is_below) && strcmp(node_name(node), service) == 0)
			return true;
	}
	return false;
}

static json_t *list_changes(const struct graph *graph, const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned row = 0; row < rows->n_rows; row++) {
		CLEANUP(json) json_t *change = change_read(rows, row);

		if (json_array_size(list) < IMPACT_MAX_CHANGES &&
		    concerns(graph, json_get_text(change, "service", "")))
			json_push(list, json_incref(change));
	}
	return list;
}

json_t *impact_make(const struct store_rows rows[IMPACT_STEPS], const json_t *alerts)
{
	struct graph graph;
	json_t *impact;

	graph_init(&graph, &rows[0], &rows[2]);
	find_hit(&graph, alerts);
	for (unsigned depth = 0; depth < IMPACT_MAX_DEPTH && spread(&graph, depth); depth++)
		;
	find_below(&graph);
	impact = json_pack("{s:o, s:o, s:o}", "services", list_hit(&graph), "affects",
			   list_affected(&graph), "changes", list_changes(&graph, &rows[1]));
	graph_finish(&graph);
	return impact;
}

json_t *impact_of(const json_t *incident)
{
	static const char *const members[] = { "services", "affects", "changes" };
	json_t *impact = json_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *list = json_object_get(incident, members[i]);

		if (json_array_size(list))
			json_object_set(impact, members[i], list);
	}
	return impact;
}
