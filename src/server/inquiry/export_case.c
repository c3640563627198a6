#include <string.h>

#include "base/clock.h"
#include "server/inquiry/exports_internal.h"

/* Only models leave what the other rows do not have: requests and subagents. */
static const char one_sql[] =
	"SELECT id, thread, error, report, CASE WHEN engine <> 'builtin' THEN bundle END "
	"FROM investigations WHERE org = $1 AND id = $2 AND finished IS NOT NULL";
static const char evidence_sql[] =
	"SELECT 'e' || CAST(number AS TEXT), tool, host, answered, elapsed_ms, code, error "
	"FROM evidence WHERE org = $1 AND investigation = $2 AND answered IS NOT NULL "
	"ORDER BY number LIMIT 2000";
static const char events_sql[] =
	"SELECT type, data, time FROM investigation_events WHERE org = $1 AND investigation = $2 "
	"AND type = 'thought' ORDER BY seq LIMIT 128";

void export_steps(const char *org, const char *investigation, struct store_value values[2],
		  struct store_step steps[EXPORT_STEPS])
{
	static const char *const texts[EXPORT_STEPS] = { one_sql, evidence_sql, events_sql };

	values[0] = store_text(org);
	values[1] = store_text(investigation);
	for (unsigned i = 0; i < EXPORT_STEPS; i++)
		steps[i] = (struct store_step) { texts[i], values, 2, STORE_ANY };
}

static void put_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_put(object, key, json_text(text, strlen(text)));
}

static void put_time(json_t *object, const char *key, int64_t time_ns)
{
	char text[CLOCK_TEXT_BYTES];

	json_put(object, key, json_string(clock_format((uint64_t)time_ns, text)));
}

static json_t *evidence_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		json_t *item = json_object();

		put_text(item, "id", store_text_at(rows, i, 0));
		put_text(item, "tool", store_text_at(rows, i, 1));
		put_text(item, "host", store_text_at(rows, i, 2));
		put_time(item, "time", store_int_at(rows, i, 3));
		json_put(item, "elapsed_ms", json_integer(store_int_at(rows, i, 4)));
		if (store_int_at(rows, i, 5) != 0)
			json_put(item, "error",
				 json_pack("{s:I, s:s}", "code",
					   (json_int_t)store_int_at(rows, i, 5), "text",
					   store_text_at(rows, i, 6)));
		json_push(list, item);
	}
	return list;
}

static json_t *events_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		json_t *event = json_object();

		put_text(event, "type", store_text_at(rows, i, 0));
		json_put(event, "data", json_loads(store_text_at(rows, i, 1), 0, NULL));
		put_time(event, "timestamp", store_int_at(rows, i, 2));
		json_push(list, event);
	}
	return list;
}

static void name_agent(json_t *evidence, const char *id, const char *agent)
{
	json_t *item;
	size_t i;

	json_array_foreach(evidence, i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			json_put(item, "agent", json_text(agent, strlen(agent)));
	}
}

/* Which subagent asked for what stands in the bundle only. */
static void name_agents(json_t *evidence, const json_t *told)
{
	const json_t *one;
	size_t i;

	json_array_foreach(told, i, one)
	{
		const char *agent = json_get_text(one, "agent", NULL);

		if (agent)
			name_agent(evidence, json_get_text(one, "id", "?"), agent);
	}
}

static void add_bundle(json_t *finished, const json_t *bundle)
{
	static const char *const lists[] = { "chats", "agents" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const json_t *list = json_object_get(bundle, lists[i]);

		if (json_is_array(list))
			json_array_extend(json_object_get(finished, lists[i]), (json_t *)list);
	}
	name_agents(json_object_get(finished, "evidence"), json_object_get(bundle, "evidence"));
}

/* One host's, or {"cases": [one of each]}. */
static void add_bundles(json_t *finished, const char *text)
{
	CLEANUP(json) json_t *bundle = json_loads(text, 0, NULL);
	const json_t *cases = json_object_get(bundle, "cases"), *one;
	size_t i;

	if (!cases)
		add_bundle(finished, bundle);
	json_array_foreach(cases, i, one) add_bundle(finished, one);
}

json_t *export_case(const struct store_result *result)
{
	const struct store_rows *row = &result->steps[0];
	json_t *finished;

	if (row->n_rows == 0)
		return NULL;
	finished = json_pack("{s:s, s:s, s:o, s:o, s:[], s:[]}", "investigation",
			     store_text_at(row, 0, 0), "thread", store_text_at(row, 0, 1),
			     "evidence", evidence_of(&result->steps[1]), "events",
			     events_of(&result->steps[2]), "chats", "agents");
	put_text(finished, "error", store_text_at(row, 0, 2));
	if (*store_text_at(row, 0, 3))
		json_put(finished, "report", json_loads(store_text_at(row, 0, 3), 0, NULL));
	if (*store_text_at(row, 0, 4))
		add_bundles(finished, store_text_at(row, 0, 4));
	return finished;
}
