#include "server/pipeline/routing.h"

#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/pipeline/target.h"

#define MAX_AGENTS 40
#define N_COLUMNS 6

/* What the store would give. */
struct scene {
	struct store_value agents[MAX_AGENTS * N_COLUMNS];
	struct store_value pipelines[8];
	struct store_value services[4];
	struct store_rows agent_rows, pipeline_rows, service_rows;
};

static void add_agent(struct scene *scene, const char *const columns[N_COLUMNS])
{
	struct store_rows *rows = &scene->agent_rows;

	rows->values = scene->agents;
	rows->n_columns = N_COLUMNS;
	for (unsigned i = 0; i < N_COLUMNS; i++)
		scene->agents[rows->n_rows * N_COLUMNS + i] = store_text(columns[i]);
	rows->n_rows++;
}

static void add_pipeline(struct scene *scene, const char *document)
{
	struct store_rows *rows = &scene->pipeline_rows;

	rows->values = scene->pipelines;
	rows->n_columns = 1;
	scene->pipelines[rows->n_rows++] = store_text(document);
}

static void fill(struct scene *scene)
{
	static const char *const agents[][N_COLUMNS] = {
		{ "a_1", "web1", "web1", "10.0.0.1", "{\"env\":\"prod\",\"tier\":\"web\"}", "[]" },
		{ "a_2", "db", "db1.example.com", "10.0.0.2", "{\"env\":\"prod\"}",
		  "[\"shop\",\"pay\"]" },
		{ "a_3", "c", "twin.a.com", "10.0.0.3", "{}", "[]" },
		{ "a_4", "d", "twin.b.com", "10.0.0.3", "{}", "[]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(agents); i++)
		add_agent(scene, agents[i]);
}

static json_t *make(struct scene *scene, const char *alert_text)
{
	CLEANUP(json) json_t *alert = json_loads(alert_text, 0, NULL);
	uint64_t now_ns = 0;

	CHECK(alert);
	CHECK(clock_parse("2026-01-02T12:00:00Z", &now_ns));
	return routing_make(&(struct routing_rows) { .pipelines = scene->pipeline_rows,
						     .agents = scene->agent_rows,
						     .services = scene->service_rows },
			    alert, now_ns);
}

/* "a_1 a_2" of the first route, or "-" without one. */
static const char *agents_of(const json_t *routing, char text[256])
{
	const json_t *route = json_array_get(json_object_get(routing, "routes"), 0), *agent;
	size_t i, len = 0;

	text[0] = '\0';
	json_array_foreach(json_object_get(route, "agents"), i, agent)
	{
		text_format(text + len, 256 - len, "%s%s", i ? " " : "",
			    json_get_text(agent, "id", ""));
		len = strlen(text);
	}
	return route ? text : "-";
}

static const char *why_not(const json_t *routing, const char *pipeline)
{
	const json_t *other;
	size_t i;

	json_array_foreach(json_object_get(routing, "others"), i,
			   other) if (strcmp(json_get_text(other, "pipeline", ""), pipeline) ==
				      0) return json_get_text(other, "why", "");
	return "";
}

TEST(without_any_pipeline_the_host_in_the_labels_is_looked_at)
{
	static const struct {
		const char *alert, *agents;
	} rows[] = {
		{ "{\"labels\":{\"instance\":\"web1:9113\"}}", "a_1" },
		{ "{\"labels\":{\"instance\":\"web1.example.com:9113\"}}", "a_1" },
		{ "{\"labels\":{\"host\":\"DB1\"}}", "a_2" },
		{ "{\"labels\":{\"instance\":\"10.0.0.2:9187\"}}", "a_2" },
		{ "{\"labels\":{\"instance\":\"10.0.0.3:1\"}}", "" }, /* two have it */
		{ "{\"labels\":{\"instance\":\"twin\"}}", "" },
		{ "{\"labels\":{\"instance\":\"twin.a.com\"}}", "a_3" },
		{ "{\"labels\":{\"instance\":\"web1.a:1\",\"node\":\"db1.example.com\"}}",
		  "a_1 a_2" },
		{ "{\"labels\":{\"instance\":\"nobody\"}}", "" },
		{ "{\"labels\":{}}", "" },
	};
	struct scene scene = { 0 };

	fill(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json) json_t *routing = make(&scene, rows[i].alert);
		char text[256];

		CHECK_TEXT(agents_of(routing, text), rows[i].agents);
	}
}

TEST(who_is_not_found_is_named_with_the_reason)
{
	struct scene scene = { 0 };
	CLEANUP(json) json_t *routing = NULL;
	const json_t *missed;

	fill(&scene);
	routing = make(&scene, "{\"labels\":{\"instance\":\"twin\",\"host\":\"gone\"}}");
	missed = json_object_get(json_array_get(json_object_get(routing, "routes"), 0),
				 "unresolved");
	CHECK_TEXT(json_get_text(json_array_get(missed, 0), "name", ""), "twin");
	CHECK(strstr(json_get_text(json_array_get(missed, 0), "why", ""), "more than one"));
	CHECK(strstr(json_get_text(json_array_get(missed, 1), "why", ""), "no enrolled host"));
}

TEST(the_first_pipeline_takes_it_and_the_others_say_why_not)
{
	struct scene scene = { 0 };
	CLEANUP(json) json_t *routing = NULL;
	char text[256];

	fill(&scene);
	add_pipeline(&scene, "{\"name\":\"other\",\"matchers\":[\"env=test\"],"
			     "\"target\":{\"hosts\":[\"x\"]}}");
	add_pipeline(&scene, "{\"name\":\"labels\",\"continue\":true,"
			     "\"target\":{\"labels\":{\"env\":\"{labels.env}\"}}}");
	add_pipeline(&scene, "{\"name\":\"ids\",\"target\":{\"agents\":[\"a_3\",\"a_9\"]}}");
	add_pipeline(&scene, "{\"name\":\"last\",\"target\":{\"hosts\":[\"x\"]}}");
	routing = make(&scene, "{\"labels\":{\"env\":\"prod\"}}");
	CHECK_INT(json_array_size(json_object_get(routing, "routes")), 2);
	CHECK_TEXT(agents_of(routing, text), "a_1 a_2");
	CHECK(strstr(why_not(routing, "other"), "env=test does not hold"));
	CHECK_TEXT(why_not(routing, "last"), "'ids' took it before");
	CHECK_TEXT(why_not(routing, "default"), "'ids' took it before");
}

TEST(labels_that_cannot_be_filled_name_nobody)
{
	struct scene scene = { 0 };
	CLEANUP(json) json_t *routing = NULL;
	char text[256];

	fill(&scene);
	add_pipeline(&scene, "{\"name\":\"a\",\"target\":{\"labels\":{\"env\":\"{labels.env}\"}}}");
	routing = make(&scene, "{\"labels\":{}}");
	CHECK_TEXT(agents_of(routing, text), "");
}

TEST(namespaces_are_the_pipelines_or_else_the_agents)
{
	struct scene scene = { 0 };
	CLEANUP(json) json_t *own = NULL;
	CLEANUP(json) json_t *given = NULL;
	const json_t *list;

	fill(&scene);
	own = make(&scene, "{\"labels\":{\"host\":\"db1\"}}");
	list = json_object_get(json_array_get(json_object_get(own, "routes"), 0), "namespaces");
	CHECK_INT(json_array_size(list), 2);
	add_pipeline(&scene, "{\"name\":\"a\",\"target\":{\"hosts\":[\"db1\"],\"namespaces\":"
			     "[\"{labels.namespace}\"],\"services\":[\"{labels.job}\",\"x\"]}}");
	given = make(&scene, "{\"labels\":{\"namespace\":\"kube-system\"}}");
	list = json_object_get(json_array_get(json_object_get(given, "routes"), 0), "namespaces");
	CHECK_INT(json_array_size(list), 1);
	CHECK_TEXT(json_string_value(json_array_get(list, 0)), "kube-system");
	list = json_object_get(json_array_get(json_object_get(given, "routes"), 0), "services");
	CHECK_INT(json_array_size(list), 1);
}

TEST(a_window_begins_before_the_alert_and_ends_now)
{
	static const struct {
		const char *starts_at, *since;
	} rows[] = {
		{ "2026-01-02T11:00:00Z", "2026-01-02T10:45:00" },
		{ "2026-01-02T11:55:00Z", "2026-01-02T11:40:00" },
		{ "2027-01-01T00:00:00Z", "2026-01-02T11:45:00" },
		{ "garbage", "2026-01-02T11:45:00" },
	};
	struct scene scene = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char alert[128];
		CLEANUP(json) json_t *routing = NULL;
		const json_t *window;

		text_format(alert, sizeof(alert), "{\"labels\":{},\"starts_at\":\"%s\"}",
			    rows[i].starts_at);
		routing = make(&scene, alert);
		window = json_object_get(json_array_get(json_object_get(routing, "routes"), 0),
					 "window");
		CHECK(strncmp(json_get_text(window, "since", ""), rows[i].since, 19) == 0);
		CHECK(strncmp(json_get_text(window, "until", ""), "2026-01-02T12:00:00", 19) == 0);
	}
}

TEST(an_investigation_has_only_so_many_agents_and_the_rest_is_counted)
{
	static char ids[MAX_AGENTS][8];
	struct scene scene = { 0 };
	CLEANUP(json) json_t *routing = NULL;
	const json_t *route;

	for (unsigned i = 0; i < 20; i++) {
		text_format(ids[i], sizeof(ids[i]), "a_%u", i);
		add_agent(&scene,
			  (const char *[]) { ids[i], ids[i], ids[i], "", "{\"a\":\"b\"}", "[]" });
	}
	add_pipeline(&scene, "{\"name\":\"a\",\"target\":{\"labels\":{\"a\":\"b\"}}}");
	routing = make(&scene, "{\"labels\":{}}");
	route = json_array_get(json_object_get(routing, "routes"), 0);
	CHECK_INT(json_array_size(json_object_get(route, "agents")), TARGET_MAX_AGENTS);
	CHECK_INT(json_get_int(route, "left_out", 0), 20 - TARGET_MAX_AGENTS);
}

TEST(a_stored_document_that_cannot_be_read_is_passed_over_aloud)
{
	struct scene scene = { 0 };
	CLEANUP(json) json_t *routing = NULL;
	char text[256];

	fill(&scene);
	add_pipeline(&scene,
		     "{\"name\":\"old\",\"matchers\":[\"!\"],\"target\":{\"hosts\":[\"x\"]}}");
	routing = make(&scene, "{\"labels\":{\"host\":\"web1\"}}");
	CHECK(strstr(why_not(routing, "old"), "/matchers/0"));
	CHECK_TEXT(agents_of(routing, text), "a_1");
}

static void add_service(struct scene *scene, const char *document)
{
	struct store_rows *rows = &scene->service_rows;

	rows->values = scene->services;
	rows->n_columns = 1;
	scene->services[rows->n_rows++] = store_text(document);
}

TEST(matchers_name_the_service_that_an_alert_is_about_and_how_critical_it_is)
{
	static const struct {
		const char *alert, *agents;
	} rows[] = {
		{ "{\"labels\":{\"team\":\"shop\",\"service\":\"nginx\"}}", "a_1" },
		{ "{\"labels\":{\"service\":\"shop\",\"criticality\":\"critical\"}}", "a_1" },
		{ "{\"labels\":{\"instance\":\"db1:1\"}}", "-" },
		{ "{\"labels\":{}}", "-" },
	};
	struct scene scene = { 0 };
	char text[256];

	fill(&scene);
	add_service(&scene,
		    "{\"name\":\"low\",\"criticality\":\"low\",\"matchers\":[\"team=shop\"]}");
	add_service(&scene, "{\"name\":\"shop\",\"criticality\":\"critical\","
			    "\"matchers\":[\"team=shop\"]}");
	add_service(&scene, "{\"name\":\"stock\",\"hosts\":[\"db1\"]}");
	add_pipeline(&scene,
		     "{\"name\":\"default\",\"enabled\":false,\"target\":{\"hosts\":[\"a\"]}}");
	add_pipeline(&scene, "{\"name\":\"urgent\",\"matchers\":[\"service=shop\","
			     "\"criticality=~critical|high\"],\"target\":{\"hosts\":[\"web1\"]}}");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json) json_t *routing = make(&scene, rows[i].alert);

		CHECK_TEXT(agents_of(routing, text), rows[i].agents);
	}
	CLEANUP(json) json_t *routing = make(&scene, rows[2].alert);
	const json_t *about = json_object_get(routing, "about");
	CHECK_TEXT(json_get_text(about, "service", ""), "stock");
	CHECK_TEXT(why_not(routing, "urgent"), "service=shop does not hold: service is 'stock'");
}

TEST(a_destination_that_is_not_there_is_said)
{
	struct scene scene = { 0 };
	const json_t *missing;

	fill(&scene);
	add_pipeline(&scene, "{\"name\":\"a\",\"destinations\":[\"*\",\"ops\",\"mail\"],"
			     "\"target\":{\"hosts\":[\"web1\"]}}");
	CLEANUP(json) json_t *routing = make(&scene, "{\"labels\":{}}");
	missing = json_object_get(json_array_get(json_object_get(routing, "routes"), 0), "missing");
	CHECK_INT(json_array_size(missing), 2);
	CHECK_TEXT(json_string_value(json_array_get(missing, 1)), "mail");
}
