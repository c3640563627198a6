/* A reaction that is planned becomes an investigation. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/step.h"
#include "server/respond_internal.h"
#include "server/service/impact.h"

#define PROMPT_MAX_BYTES (8 * KIB)
#define PROMPT_MAX_ALERTS 8
#define CALLER_BYTES 160

/* The words of alerts are data: the question is ours, and they stand below it. */
static void add_alert(struct buf *prompt, const json_t *row)
{
	const json_t *alert = json_object_get(row, "alert");
	const char *summary = json_get_text(alert, "summary", "");
	const json_t *labels = json_object_get(alert, "labels");
	const char *instance = json_get_text(labels, "instance", "");

	buf_add_format(prompt, "\n- %.200s (%.40s)", json_get_text(alert, "name", ""),
		       json_get_text(alert, "severity", ""));
	if (*instance)
		buf_add_format(prompt, " on %.200s", instance);
	if (*summary)
		buf_add_format(prompt, ": %.600s", summary);
}

static void write_prompt(const struct task *task, struct buf *prompt)
{
	const json_t *alerts = json_object_get(task->incident, "alerts"), *alert;
	size_t i;

	buf_init(prompt, PROMPT_MAX_BYTES);
	buf_add_format(prompt, "What is the root cause of this incident: %.300s?",
		       json_get_text(task->incident, "title", "an alert fired"));
	json_array_foreach(alerts, i, alert)
	{
		if (i == PROMPT_MAX_ALERTS)
			break;
		add_alert(prompt, alert);
	}
}

static json_t *list_agents(const json_t *route)
{
	json_t *ids = json_array();
	const json_t *agent;
	size_t i;

	json_array_foreach(json_object_get(route, "agents"), i, agent)
		json_push(ids, json_string(json_get_text(agent, "id", "")));
	return ids;
}

/* What the report has to say of hosts that it does not cover. */
static json_t *list_notes(const json_t *route)
{
	int64_t left_out = json_get_int(route, "left_out", 0);
	json_t *notes = json_array();
	const json_t *missed;
	char text[64];
	size_t i;

	json_array_foreach(json_object_get(route, "unresolved"), i, missed)
		json_push(notes, json_pack("{s:s, s:s}", "what", json_get_text(missed, "name", ""),
					   "why", json_get_text(missed, "why", "")));
	if (left_out) {
		text_format(text, sizeof(text), "%lld further hosts", (long long)left_out);
		json_push(notes, json_pack("{s:s, s:s}", "what", text, "why",
					   "an investigation looks at a few"));
	}
	return notes;
}

static struct inquiry_budget make_budget(const json_t *budget)
{
	return (struct inquiry_budget) {
		.time_ns = (uint64_t)json_get_int(budget, "time_s", 0) * NS_PER_SEC,
		.calls = (unsigned)json_get_int(budget, "calls", 0),
		.tokens = (uint64_t)json_get_int(budget, "tokens", 0),
		.cost_micros = (uint64_t)(json_get_number(budget, "usd", 0) * 1e6),
	};
}

static void handle_skipped(const struct store_result *result, const struct error *err UNUSED,
			   void *data)
{
	task_end(data, result ? TASK_MOVED : TASK_WAITS);
}

/* There is nothing to wait for. Where another server started it, this finds it taken. */
static void skip(struct task *task)
{
	struct store_value room[REACTION_PARAMS];
	const struct store_step step = reaction_step(&task->reaction, REACTION_SKIPS, room);
	const struct store_batch batch = { .org = task->reaction.org,
					   .steps = &step,
					   .n_steps = 1 };

	(void)store_submit(task->respond->config.store, &batch, handle_skipped, task);
}

static void handle_started(const char *investigation, const char *thread, const struct error *err,
			   void *data)
{
	struct task *task = data;

	step_reached("respond-started");
	if (!err) {
		task_note(task, "investigation", task->reaction.pipeline,
			  json_pack("{s:s, s:s, s:s}", "investigation", investigation, "thread",
				    thread, "pipeline", task->reaction.pipeline));
		task_end(task, TASK_WAITS);
	} else if (err->code == -ENOENT || err->code == -EINVAL) {
		skip(task);
	} else {
		task_end(task, TASK_WAITS);
	}
}

static uint64_t parse_time(const json_t *window, const char *name, uint64_t otherwise)
{
	uint64_t ns;

	return clock_parse(json_get_text(window, name, ""), &ns) ? ns : otherwise;
}

void task_start(struct task *task)
{
	const json_t *route = task->reaction.route, *window = json_object_get(route, "window");
	CLEANUP(json) json_t *agents = list_agents(route);
	CLEANUP(json) json_t *notes = list_notes(route);
	CLEANUP(json) json_t *impact = impact_of(task->incident);
	CLEANUP(buf) struct buf prompt = { 0 };
	struct store_value room[REACTION_PARAMS];
	const struct store_step step = reaction_step(&task->reaction, REACTION_STARTS, room);
	uint64_t now_ns = clock_wall_ns(), since_ns = parse_time(window, "since", now_ns);
	char caller[CALLER_BYTES];
	struct inquiry_request request = {
		.org = task->reaction.org,
		.caller = caller,
		.thread = task->reaction.thread,
		.incident = task->reaction.incident,
		.engine = json_get_text(route, "engine", NULL),
		.agents = agents,
		.namespaces = json_object_get(route, "namespaces"),
		.services = json_object_get(route, "services"),
		.notes = notes,
		.impact = impact,
		.remedies = json_get_text(route, "remedies", NULL),
		.fired_at_ns = parse_time(window, "fired_at", 0),
		.since_s = now_ns > since_ns ? (now_ns - since_ns) / NS_PER_SEC + 1 : 1,
		.budget = make_budget(json_object_get(route, "budget")),
		.record = &step,
	};

	text_format(caller, sizeof(caller), "pipeline/%s", task->reaction.pipeline);
	write_prompt(task, &prompt);
	request.prompt = buf_text(&prompt);
	inquiry_start(task->respond->config.inquiries, &request, handle_started, task);
}
