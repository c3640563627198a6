#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/queue.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/inquiry/remedy.h"
#include "tools/catalogue.h"

#define PATIENCE_NS (75 * NS_PER_SEC) /* an agent tries once a minute at least */
#define LOOK_NS (200 * NS_PER_MS)

/* The hub's answer comes whatever happens to us: it finds its leg by number. */
struct tools_question {
	struct inquiries *inquiries; /* NULL: gone */
	struct tools_question *next, **link;
	uint64_t run;
	unsigned leg;
};

static void ask_tools(struct leg *leg);

/* What a model reads of a tool are our words: a host's could be orders. */
static json_t *describe(const char *name, const char *risk)
{
	const struct tool_info *info = catalogue_find(catalogue, name);
	json_t *tool = json_pack("{s:s, s:s}", "name", name, "risk", risk);

	if (info) {
		json_put(tool, "summary", json_string(info->summary));
		json_put(tool, "schema", json_loads(info->schema, 0, NULL));
	}
	return tool;
}

/* As a start has them: {name, risk, ...}. An agent that says nothing of a risk may do anything. */
static json_t *convert(const json_t *listed)
{
	json_t *tools = json_array();
	const json_t *tool;
	size_t i;

	json_array_foreach(json_object_get(listed, "tools"), i, tool)
	{
		const char *name = json_get_text(tool, "name", NULL);
		const char *risk =
			json_get_text(json_object_get(tool, "_meta"), "constable/risk", "changes");

		if (name)
			json_push(tools, describe(name, risk));
	}
	return tools;
}

const char *leg_risk(const struct leg *leg, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(leg->tools, i, tool) if (strcmp(json_get_text(tool, "name", ""), name) ==
						    0) return json_get_text(tool, "risk", "");
	return "";
}

const json_t *leg_recorded(const struct leg *leg, uint64_t number)
{
	const json_t *item;
	size_t i;

	json_array_foreach(leg->run->recorded, i, item) if (json_get_int(item, "number", 0) ==
							    (int64_t)number) return item;
	return NULL;
}

static void handle_patience(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	ask_tools(data);
}

/* Agents come back within seconds once their server does. */
static void wait_for_host(struct leg *leg)
{
	static const struct timeval soon = { .tv_usec = LOOK_NS / 1000 };

	if (!leg->patience)
		leg->patience =
			event_new(leg->run->inquiries->config.base, -1, 0, handle_patience, leg);
	if (!leg->patience || event_add(leg->patience, &soon) < 0)
		abort();
}

static bool may_come_back(const struct leg *leg)
{
	const struct run *run = leg->run;

	return run->goes_on && clock_monotonic_ns() < leg->patient_until_ns &&
	       hub_get_state(run->inquiries->config.hub, run->org, leg->agent).presence !=
		       HUB_REVOKED;
}

static void handle_tools(const json_t *tools, const struct error *err, void *data)
{
	struct tools_question *question = data;
	struct run *run = question->inquiries ? run_find(question->inquiries, question->run) : NULL;
	struct leg *leg = run && run->state == RUN_RUNNING ? &run->legs[question->leg] : NULL;

	if (question->inquiries) {
		*question->link = question->next;
		if (question->next)
			question->next->link = question->link;
	}
	free(question);
	if (!leg || leg->is_done || leg->child)
		return;
	if (err && may_come_back(leg)) {
		wait_for_host(leg);
		return;
	}
	if (err) {
		leg->why = *err;
		if (leg->replay == LEG_REPLAYS)
			leg->replay = LEG_RESTORES;
		run_think(run, "%s: %s. Nothing can be read there.", leg->host, err->text);
	} else {
		leg->tools = convert(tools);
	}
	leg_ask_context(leg);
}

static void ask_tools(struct leg *leg)
{
	struct inquiries *inquiries = leg->run->inquiries;
	struct tools_question *question = calloc(1, sizeof(*question));

	if (!question)
		abort();
	*question = (struct tools_question) {
		.inquiries = inquiries,
		.next = inquiries->tools_questions,
		.link = &inquiries->tools_questions,
		.run = leg->run->number,
		.leg = (unsigned)(leg - leg->run->legs),
	};
	if (question->next)
		question->next->link = &question->next;
	inquiries->tools_questions = question;
	hub_list_tools(inquiries->config.hub, leg->run->org, leg->agent, handle_tools, question);
}

void tools_questions_drop(struct inquiries *inquiries)
{
	for (struct tools_question *question = inquiries->tools_questions; question;
	     question = question->next)
		question->inquiries = NULL;
	inquiries->tools_questions = NULL;
}

void leg_take_dropped(struct leg *leg, const struct evidence_row *row)
{
	json_t *item = (json_t *)(uintptr_t)leg_recorded(leg, row->number);
	char time[CLOCK_TEXT_BYTES];

	json_put(item, "code", json_integer(row->code));
	json_put(item, "time", json_string(clock_format(clock_wall_ns(), time)));
	if (row->state)
		json_put(item, "state", json_string(row->state));
	if (row->error)
		json_put(item, "error", json_text(row->error, strlen(row->error)));
	if (!row->bytes)
		return;
	json_put(item, "bytes", json_text(row->bytes, strlen(row->bytes)));
	json_put(item, "sha256", json_string(row->sha256 ? row->sha256 : ""));
}

/* What is on record counts as asked. */
static void take_record(struct leg *leg)
{
	const json_t *item;
	size_t i;

	json_array_foreach(leg->run->recorded, i, item)
	{
		uint64_t number = (uint64_t)json_get_int(item, "number", 0);

		if (strcmp(json_get_text(item, "agent", ""), leg->agent) != 0)
			continue;
		leg->n_asked++;
		/* A model does not say the same twice, and no change is asked for twice. */
		leg->replay = run_has_model(leg->run) || run_is_remedy(leg->run) ? LEG_RESTORES
										 : LEG_REPLAYS;
		if (number > leg->last)
			leg->last = number;
		if (leg->replay == LEG_RESTORES && !json_object_get(item, "code"))
			ask_drop(leg, item);
	}
}

void leg_start(struct leg *leg)
{
	leg->patient_until_ns = clock_monotonic_ns() + PATIENCE_NS;
	take_record(leg);
	ask_tools(leg);
}

/* Also where nothing has begun: then the report says so. */
void leg_conclude(struct leg *leg)
{
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "conclude");

	if (leg->is_done)
		return;
	if (!leg->child) {
		asks_halt(leg);
		leg->is_ready = true;
		leg_begin_child(leg);
	}
	leg_send(leg, header, (struct str) { "", 0 });
}

void leg_fail(struct leg *leg, int code, const char *sentence)
{
	error_set(&leg->why, code, "%s", sentence);
	run_leg_done(leg);
}

void leg_halt(struct leg *leg)
{
	leg_end_child(leg);
	asks_halt(leg);
	if (leg->patience)
		event_free(leg->patience);
	leg->patience = NULL;
}

void leg_finish(struct leg *leg)
{
	json_decref(leg->tools);
	json_decref(leg->context);
	json_decref(leg->report);
	json_decref(leg->bundle);
}
