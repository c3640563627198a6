#include "server/pipeline/routing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/pipeline/about.h"
#include "server/pipeline/target.h"

static const char pipelines_sql[] =
	"SELECT document FROM pipelines WHERE org = $1 ORDER BY position, name LIMIT 257";
static const char integrations_sql[] =
	"SELECT id, name FROM integrations WHERE org = $1 LIMIT 1000";

struct draft {
	json_t *alert; /* with "about", once it was looked for */
	const struct routing_rows *rows;
	uint64_t now_ns;
	json_t *routes, *others;
	const char *taker; /* of a pipeline that lets none come after it, or NULL */
};

static json_t *json_or_null(json_t *json)
{
	return json ? json : json_null();
}

static void refuse(struct draft *draft, const struct pipeline *pipeline, const char *why)
{
	json_push(draft->others,
		  json_pack("{s:s, s:s}", "pipeline", pipeline_name(pipeline), "why", why));
}

static json_t *make_time(uint64_t ns)
{
	char text[CLOCK_TEXT_BYTES];

	return json_string(clock_format(ns, text));
}

static json_t *make_window(const struct draft *draft, const json_t *window)
{
	uint64_t fired_ns = draft->now_ns;
	uint64_t before_ns = (uint64_t)json_get_int(window, "before_s", 900) * NS_PER_SEC;
	json_t *made = json_object();

	(void)clock_parse(json_get_text(draft->alert, "starts_at", ""), &fired_ns);
	if (fired_ns > draft->now_ns)
		fired_ns = draft->now_ns;
	json_put(made, "fired_at", make_time(fired_ns));
	json_put(made, "since", make_time(fired_ns > before_ns ? fired_ns - before_ns : 0));
	json_put(made, "until", make_time(draft->now_ns));
	return made;
}

const char *routing_missing(const json_t *wanted, const struct store_rows *destinations,
			    size_t *index_out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(wanted, i, one)
	{
		const char *name = json_string_value(one);
		unsigned row = 0;

		while (row < destinations->n_rows && strcmp(name, "*") != 0 &&
		       strcmp(name, store_text_at(destinations, row, 0)) != 0 &&
		       strcmp(name, store_text_at(destinations, row, 1)) != 0)
			row++;
		*index_out = i;
		if (strcmp(name, "*") != 0 && row == destinations->n_rows)
			return name;
	}
	return NULL;
}

static json_t *list_missing(const struct draft *draft, const json_t *wanted)
{
	CLEANUP(json) json_t *rest = json_copy((json_t *)(uintptr_t)wanted);
	json_t *missing = json_array();
	const char *name;
	size_t i;

	while ((name = routing_missing(rest, &draft->rows->destinations, &i))) {
		json_push(missing, json_string(name));
		(void)json_array_remove(rest, i);
	}
	return missing;
}

static void take(struct draft *draft, const struct pipeline *pipeline)
{
	static const char *const copied[] = { "engine", "budget", "destinations", "remedies" };
	const json_t *document = pipeline->document;
	json_t *route = target_find(json_object_get(document, "target"), draft->alert,
				    &draft->rows->agents);

	json_put(route, "pipeline", json_string(pipeline_name(pipeline)));
	json_put(route, "window", make_window(draft, json_object_get(document, "window")));
	for (size_t i = 0; i < ARRAY_LEN(copied); i++)
		if (json_object_get(document, copied[i])) /* one may be older than a member */
			json_put(route, copied[i],
				 json_deep_copy(json_object_get(document, copied[i])));
	json_put(route, "missing", list_missing(draft, json_object_get(document, "destinations")));
	json_push(draft->routes, route);
	if (!json_get_bool(document, "continue", false))
		draft->taker = json_get_text(route, "pipeline", "");
}

/* Once for all pipelines, and only where one needs it. */
static void look_for_service(struct draft *draft)
{
	if (!json_object_get(draft->alert, "about"))
		json_put(draft->alert, "about",
			 json_or_null(about_find(&draft->rows->services, draft->alert)));
}

static void ask(struct draft *draft, const struct pipeline *pipeline)
{
	char why[ERROR_TEXT_BYTES];

	if (pipeline_asks_for_service(pipeline))
		look_for_service(draft);

	if (draft->taker)
		text_format(why, sizeof(why), "'%s' took it before", draft->taker);
	else if (json_array_size(draft->routes) == ROUTING_MAX_ROUTES)
		text_format(why, sizeof(why), "%d pipelines took it before", ROUTING_MAX_ROUTES);
	else if (pipeline_takes(pipeline, draft->alert, why)) {
		take(draft, pipeline);
		return;
	}
	refuse(draft, pipeline, why);
}

/* Whether its name is "default". What an older server stored and we cannot read is skipped aloud.
 */
static bool ask_document(struct draft *draft, const json_t *document)
{
	struct pipeline pipeline;
	struct error err = { 0 };

	if (pipeline_parse(document, &pipeline, &err) < 0) {
		json_push(draft->others,
			  json_pack("{s:s, s:s}", "pipeline", json_get_text(document, "name", ""),
				    "why", err.text));
		return false;
	}
	ask(draft, &pipeline);
	pipeline_finish(&pipeline);
	return strcmp(json_get_text(document, "name", ""), PIPELINE_DEFAULT) == 0;
}

json_t *routing_make(const struct routing_rows *rows, const json_t *alert, uint64_t now_ns)
{
	CLEANUP(json) json_t *asked = json_copy((json_t *)(uintptr_t)alert);
	struct draft draft = {
		.alert = asked,
		.rows = rows,
		.now_ns = now_ns,
		.routes = json_array(),
		.others = json_array(),
	};
	bool has_default = false;

	(void)json_object_del(asked, "about");
	for (unsigned i = 0; i < rows->pipelines.n_rows; i++) {
		CLEANUP(json)
		json_t *document = json_loads(store_text_at(&rows->pipelines, i, 0), 0, NULL);

		has_default |= ask_document(&draft, document);
	}
	if (!has_default) {
		CLEANUP(json) json_t *document = pipeline_default();

		(void)ask_document(&draft, document);
	}
	return json_pack("{s:o, s:o, s:O?}", "routes", draft.routes, "others", draft.others,
			 "about", json_object_get(asked, "about"));
}

/* The alert with the name that people gave to where it came from. */
static json_t *name_integration(const json_t *alert, const struct store_rows *integrations)
{
	json_t *named = json_copy((json_t *)alert);
	const char *id = json_get_text(alert, "integration", "");

	for (unsigned i = 0; i < integrations->n_rows; i++)
		if (strcmp(store_text_at(integrations, i, 0), id) == 0)
			json_put(named, "integration_name",
				 json_string(store_text_at(integrations, i, 1)));
	return named;
}

void routing_steps(const struct store_value *org, struct store_step steps_out[ROUTING_STEPS])
{
	static const char *const texts[ROUTING_STEPS] = { pipelines_sql, TARGET_AGENTS_SQL,
							  integrations_sql, ABOUT_SERVICES_SQL,
							  ROUTING_DESTINATIONS_SQL };

	for (size_t i = 0; i < ROUTING_STEPS; i++)
		steps_out[i] = (struct store_step) { texts[i], org, 1, STORE_ANY };
}

json_t *routing_read(const struct store_rows rows[ROUTING_STEPS], const json_t *alert)
{
	CLEANUP(json) json_t *named = name_integration(alert, &rows[2]);

	return routing_make(&(struct routing_rows) { .pipelines = rows[0],
						     .agents = rows[1],
						     .services = rows[3],
						     .destinations = rows[4] },
			    named, clock_wall_ns());
}

struct question {
	json_t *alert;
	routing_found *done;
	void *data;
};

static void handle_read(const struct store_result *result, const struct error *err, void *data)
{
	struct question *question = data;
	CLEANUP(json) json_t *routing = NULL;

	if (result) {
		routing = routing_read(result->steps, question->alert);
		json_put(routing, "about",
			 json_or_null(about_find(&result->steps[3], question->alert)));
	}
	question->done(routing, err, question->data);
	json_decref(question->alert);
	free(question);
}

void routing_find(struct store *store, const char *org, const json_t *alert, routing_found *done,
		  void *data)
{
	struct question *question = calloc(1, sizeof(*question));
	const struct store_value param = store_text(org);
	struct store_step steps[ROUTING_STEPS];
	const struct store_batch batch = { .org = org, .steps = steps, .n_steps = ROUTING_STEPS };

	if (!question)
		abort();
	*question = (struct question) {
		.alert = json_incref((json_t *)alert),
		.done = done,
		.data = data,
	};
	routing_steps(&param, steps);
	(void)store_submit(store, &batch, handle_read, question);
}
