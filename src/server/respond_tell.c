/* What a reaction has to say becomes deliveries, in the batch that takes it onward. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "server/notify/send.h"
#include "server/respond_internal.h"

const char destinations_sql[] = "SELECT id, name FROM destinations WHERE org = $1 AND "
				"removed IS NULL ORDER BY name LIMIT 200";

/* In the order in which its pipelines took the incident. */
static const char reactions_sql[] =
	"SELECT pipeline, route FROM reactions WHERE org = $1 AND incident = $2 AND "
	"state <> 'skipped' ORDER BY created, pipeline LIMIT 100";

static const struct {
	const char *event;
	enum reaction_step step;
} rows[] = {
	[REACTION_TO_TELL] = { "report", REACTION_TELLS },
	[REACTION_TO_CLOSE] = { "resolved", REACTION_CLOSES },
	[REACTION_TO_REOPEN] = { "reopened", REACTION_REOPENS },
};

/* All that one batch needs until it was submitted. */
struct telling {
	struct send sends[RESPOND_MAX_DESTINATIONS];
	unsigned n;
	struct store_step steps[1 + RESPOND_MAX_DESTINATIONS * SEND_MAX_STEPS];
	unsigned n_steps;
	struct store_value room[REACTION_PARAMS];
	json_t *document;
};

bool destination_is_wanted(const json_t *wanted, const char *id, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(wanted, i, one)
	{
		const char *text = json_string_value(one);

		if (strcmp(text, "*") == 0 || strcmp(text, id) == 0 || strcmp(text, name) == 0)
			return true;
	}
	return false;
}

/*
 * Whether the pipeline is the first that names the destination: the others' reports stand in the
 * incident, and nobody is told of it twice.
 */
static bool is_first(const struct store_rows *reactions, const char *pipeline, const char *id,
		     const char *name)
{
	for (unsigned row = 0; row < reactions->n_rows; row++) {
		CLEANUP(json) json_t *route = json_loads(store_text_at(reactions, row, 1), 0, NULL);

		if (destination_is_wanted(json_object_get(route, "destinations"), id, name))
			return strcmp(store_text_at(reactions, row, 0), pipeline) == 0;
	}
	return true;
}

static void add_destination(struct telling *telling, const struct task *task, const char *id)
{
	struct send *send = &telling->sends[telling->n];
	const struct outbox_message message = {
		.org = task->reaction.org,
		.destination = id,
		.incident = task->reaction.incident,
		.event = rows[task->due].event,
		.document = telling->document,
	};
	struct error err = { 0 };

	if (telling->n == RESPOND_MAX_DESTINATIONS ||
	    send_init(send, task->respond->config.outbox, &message, &err) < 0) {
		log_warn("incident %s is not told to %s: %s", message.incident, id,
			 err.code ? err.text : "too many destinations");
		return;
	}
	telling->n++;
	for (unsigned i = 0; i < send->n; i++)
		telling->steps[telling->n_steps++] = send->steps[i];
}

static void note_report(const struct task *task)
{
	const json_t *report = task->report;
	json_t *data = json_object();
	static const char *const members[] = { "verdict", "cause_id", "confidence" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_object_get(report, members[i]))
			json_object_set(data, members[i], json_object_get(report, members[i]));
	json_put(data, "investigation", json_string(task->investigation));
	json_put(data, "thread", json_string(task->reaction.thread));
	json_put(data, "pipeline", json_string(task->reaction.pipeline));
	task_note(task, "report", json_get_text(report, "root_cause", ""), data);
}

/* Whether it was made, and what came of it. */
static void note_remedy(const struct task *task)
{
	const json_t *remedy;
	size_t i;

	json_array_foreach(json_object_get(task->report, "remedies"), i, remedy)
	{
		json_t *offer = json_object_get(remedy, "offer");
		const char *sentence = json_get_text(offer, "sentence", NULL);

		if (sentence)
			task_note(task, "remedy", sentence, json_incref(offer));
	}
}

/* A further round is for hosts that joined later: its alert came then. */
static void measure(const struct task *task)
{
	const char *opened = json_get_text(task->incident, "opened", "");
	uint64_t opened_ns, now_ns = clock_wall_ns();

	if (task->reaction.round == 1 && clock_parse(opened, &opened_ns) && now_ns > opened_ns)
		histogram_add(&task->respond->alert_to_report, now_ns - opened_ns);
}

static void handle_told(const struct store_result *result, const struct error *err, void *data)
{
	struct task *task = data;

	step_reached("respond-told");
	if (err && err->code != -ENOENT)
		log_warn("incident %s is not told yet: %s", task->reaction.incident, err->text);
	if (!result) {
		/* Or another server told it, or a destination went: the next look knows. */
		task_end(task, TASK_WAITS);
		return;
	}
	outbox_look(task->respond->config.outbox);
	if (task->due == REACTION_TO_TELL && !task->was_told) {
		measure(task);
		note_report(task);
	}
	if (task->due == REACTION_TO_TELL)
		note_remedy(task);
	task_end(task, TASK_MOVED);
}

static void handle_destinations(const struct store_result *result, const struct error *err,
				void *data)
{
	struct task *task = data;
	const json_t *wanted = json_object_get(task->reaction.route, "destinations");
	struct telling *telling;
	struct store_batch batch;

	if (err) {
		task_end(task, TASK_WAITS);
		return;
	}
	telling = calloc(1, sizeof(*telling));
	if (!telling)
		abort();
	telling->document = json_pack("{s:s, s:O*, s:O*}", "kind", rows[task->due].event,
				      "incident", task->incident, "report", task->report);
	telling->steps[telling->n_steps++] =
		reaction_step(&task->reaction, rows[task->due].step, telling->room);
	for (unsigned i = 0; i < result->steps[0].n_rows; i++) {
		const char *id = store_text_at(&result->steps[0], i, 0);
		const char *name = store_text_at(&result->steps[0], i, 1);

		if (destination_is_wanted(wanted, id, name) &&
		    is_first(&result->steps[1], task->reaction.pipeline, id, name))
			add_destination(telling, task, id);
	}
	batch = (struct store_batch) { .org = task->reaction.org,
				       .steps = telling->steps,
				       .n_steps = telling->n_steps };
	(void)store_submit(task->respond->config.store, &batch, handle_told, task);
	for (unsigned i = 0; i < telling->n; i++)
		send_finish(&telling->sends[i]);
	json_decref(telling->document);
	free(telling);
}

void task_tell(struct task *task)
{
	const struct store_value params[] = { store_text(task->reaction.org),
					      store_text(task->reaction.incident) };
	const struct store_step steps[] = {
		{ destinations_sql, params, 1, STORE_ANY },
		{ reactions_sql, params, 2, STORE_ANY },
	};
	const struct store_batch batch = { .org = task->reaction.org,
					   .steps = steps,
					   .n_steps = ARRAY_LEN(steps) };

	(void)store_submit(task->respond->config.store, &batch, handle_destinations, task);
}

void respond_metrics(const struct respond *respond, struct buf *page)
{
	histogram_write(&respond->alert_to_report, "constable_alert_to_report_seconds", page);
}
