#include "server/service/impact.h"

#include <stdlib.h>
#include <string.h>

#include "server/pipeline/alert_text.h"
#include "server/service/change.h"
#include "server/service/service.h"

static const char services_sql[] =
	"SELECT document FROM services WHERE org = $1 ORDER BY name LIMIT 256";
/* 86400 s: IMPACT_CHANGES_S */
static const char changes_sql[] =
	"SELECT " CHANGE_COLUMNS " FROM changes WHERE org = $1 AND time >= (SELECT opened - "
	"86400000000000 FROM incidents WHERE org = $1 AND (id = $2 OR (number = $3 AND number > "
	"0))) AND time <= COALESCE((SELECT resolved FROM incidents WHERE org = $1 AND (id = $2 OR "
	"(number = $3 AND number > 0))), 9223372036854775807) ORDER BY time DESC, id LIMIT 500";

struct node {
	struct service service;
	unsigned depth;        /* of what it affects; 0: not, or it is hit */
	const char *through;   /* the name of who needs it or is needed */
	bool is_hit, is_below; /* about the alerts; needed by one that is */
	const char *by;
};

struct catalogue {
	struct node *nodes;
	size_t n;
};

void impact_steps(const struct store_value params[3], struct store_step steps_out[IMPACT_STEPS])
{
	steps_out[0] = (struct store_step) { services_sql, params, 1, STORE_ANY };
	steps_out[1] = (struct store_step) { changes_sql, params, 3, STORE_ANY };
}

static void load(struct catalogue *catalogue, const struct store_rows *rows)
{
	catalogue->nodes = calloc(rows->n_rows + 1, sizeof(*catalogue->nodes));
	if (!catalogue->nodes)
		abort();
	for (unsigned row = 0; row < rows->n_rows; row++) {
		CLEANUP(json) json_t *document = json_loads(store_text_at(rows, row, 0), 0, NULL);
		struct error err = { 0 };

		if (service_parse(document, &catalogue->nodes[catalogue->n].service, &err) == 0)
			catalogue->n++;
	}
}

static void unload(struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n; i++)
		service_finish(&catalogue->nodes[i].service);
	free(catalogue->nodes);
}

static void hit(struct node *node, const char *by)
{
	node->is_hit = true;
	node->by = by;
}

static bool hit_by_matchers(struct catalogue *catalogue, const json_t *alert)
{
	bool is_any = false;

	for (size_t i = 0; i < catalogue->n; i++) {
		if (!service_is_meant(&catalogue->nodes[i].service, alert))
			continue;
		hit(&catalogue->nodes[i], "matchers");
		is_any = true;
	}
	return is_any;
}

static void hit_by_hosts(struct catalogue *catalogue, const json_t *alert)
{
	static const char *const labels[] = { "instance", "host", "hostname", "node", "nodename" };
	char host[ALERT_FILLED_BYTES];

	for (size_t k = 0; k < ARRAY_LEN(labels); k++) {
		if (!alert_host(alert_label(alert, labels[k]), host))
			continue;
		for (size_t i = 0; i < catalogue->n; i++)
			if (!catalogue->nodes[i].is_hit &&
			    service_is_on(&catalogue->nodes[i].service, host))
				hit(&catalogue->nodes[i], "hosts");
	}
}

static void find_hit(struct catalogue *catalogue, const json_t *alerts)
{
	const json_t *row;
	size_t i;

	json_array_foreach(alerts, i, row)
	{
		const json_t *alert = json_object_get(row, "alert");

		if (i == IMPACT_MAX_ALERTS)
			break;
		if (!hit_by_matchers(catalogue, alert))
			hit_by_hosts(catalogue, alert);
	}
}

/* The name as the one has it where it needs the other, or NULL. */
static const char *needs(const struct node *one, const struct node *other)
{
	const json_t *list = json_object_get(one->service.document, "depends_on"), *name;
	size_t i;

	json_array_foreach(
		list, i, name) if (strcmp(json_string_value(name), service_name(&other->service)) ==
				   0) return json_string_value(name);
	return NULL;
}

static bool is_reached(const struct node *node, unsigned depth)
{
	return depth == 0 ? node->is_hit : node->depth == depth;
}

/* Those that need one of the last depth; false where there are none. */
static bool spread(struct catalogue *catalogue, unsigned depth)
{
	bool is_any = false;

	for (size_t i = 0; i < catalogue->n; i++) {
		const struct node *below = &catalogue->nodes[i];

		for (size_t k = 0; is_reached(below, depth) && k < catalogue->n; k++) {
			struct node *node = &catalogue->nodes[k];

			if (node->is_hit || node->depth || !needs(node, below))
				continue;
			node->depth = depth + 1;
			node->through = service_name(&below->service);
			is_any = true;
		}
	}
	return is_any;
}

/* What those that are hit need, and what that needs. */
static void find_below(struct catalogue *catalogue)
{
	bool is_any = true;

	for (unsigned depth = 0; is_any && depth < IMPACT_MAX_DEPTH; depth++) {
		is_any = false;
		for (size_t i = 0; i < catalogue->n; i++) {
			const struct node *above = &catalogue->nodes[i];

			for (size_t k = 0; (above->is_hit || above->is_below) && k < catalogue->n;
			     k++) {
				struct node *node = &catalogue->nodes[k];

				if (node->is_hit || node->is_below || !needs(above, node))
					continue;
				node->is_below = is_any = true;
			}
		}
	}
}

static json_t *list_hit(const struct catalogue *catalogue)
{
	static const char *const members[] = { "name", "criticality", "owner", "runbook" };
	json_t *list = json_array();

	for (size_t i = 0; i < catalogue->n; i++) {
		const struct node *node = &catalogue->nodes[i];
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

static json_t *list_affected(const struct catalogue *catalogue)
{
	json_t *list = json_array();

	for (unsigned depth = 1; depth <= IMPACT_MAX_DEPTH; depth++)
		for (size_t i = 0; i < catalogue->n; i++) {
			const struct node *node = &catalogue->nodes[i];
			const char *criticality =
				json_get_text(node->service.document, "criticality", "");

			if (node->depth == depth && json_array_size(list) < IMPACT_MAX_AFFECTED)
				json_push(list, json_pack("{s:s, s:s, s:s, s:i}", "name",
							  service_name(&node->service),
							  "criticality", criticality, "through",
							  node->through, "depth", (int)depth));
		}
	return list;
}

static bool concerns(const struct catalogue *catalogue, const char *service)
{
	for (size_t i = 0; i < catalogue->n; i++) {
		const struct node *node = &catalogue->nodes[i];

		if ((node->is_hit || node->is_below) &&
		    strcmp(service_name(&node->service), service) == 0)
			return true;
	}
	return false;
}

static json_t *list_changes(const struct catalogue *catalogue, const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned row = 0; row < rows->n_rows; row++) {
		CLEANUP(json) json_t *change = change_read(rows, row);

		if (json_array_size(list) < IMPACT_MAX_CHANGES &&
		    concerns(catalogue, json_get_text(change, "service", "")))
			json_push(list, json_incref(change));
	}
	return list;
}

json_t *impact_make(const struct store_rows rows[IMPACT_STEPS], const json_t *alerts)
{
	struct catalogue catalogue = { 0 };
	json_t *impact;

	load(&catalogue, &rows[0]);
	find_hit(&catalogue, alerts);
	for (unsigned depth = 0; depth < IMPACT_MAX_DEPTH && spread(&catalogue, depth); depth++)
		;
	find_below(&catalogue);
	impact =
		json_pack("{s:o, s:o, s:o}", "services", list_hit(&catalogue), "affects",
			  list_affected(&catalogue), "changes", list_changes(&catalogue, &rows[1]));
	unload(&catalogue);
	return impact;
}
