#include "investigation/driven.h"

#include <string.h>

#include "investigation/loop_internal.h"
#include "investigation/loop_tools.h"
#include "investigation/model_report.h"
#include "investigation/prompt.h"
#include "investigation/report.h"

#define TASK_SHARE 3 /* of the room: the rest is for the rounds */
#define TASK_MAX_BYTES (48 * KIB)
#define MAX_TURNS 4
#define TURN_MAX_BYTES (2 * KIB)
#define PROMPT_MAX_BYTES (16 * KIB)

bool driven_is_wanted(const json_t *start)
{
	const char *engine = json_get_text(start, "engine", "builtin");

	return *engine && strcmp(engine, "builtin") != 0;
}

/* What only reads, by name, with its schema. */
static json_t *host_tools(const json_t *catalogue, const json_t *available)
{
	json_t *tools = json_object();
	const json_t *tool;
	size_t i;

	json_array_foreach(catalogue, i, tool)
	{
		const char *name = json_get_text(tool, "name", "");

		if (json_object_get(available, name) &&
		    json_is_object(json_object_get(tool, "schema")) &&
		    json_is_string(json_object_get(tool, "summary")))
			json_put(tools, name, json_incref((json_t *)tool));
	}
	return tools;
}

static void add_own(struct loop *loop, const struct model *model)
{
	size_t n = 0;

	loop->own[n++] = &loop_submit_report;
	loop->own[n++] = &loop_read_evidence;
	loop->own[n++] = &loop_ask_person;
	if (model->context_tokens < LOOP_SMALL_CONTEXT_TOKENS)
		loop->own[n++] = &loop_find_tools;
}

/* What was asked before, and what came of it: where no conversation was kept. */
static void put_turns(const struct fence *fence, const json_t *turns, struct buf *out)
{
	const json_t *turn;
	size_t i, n = json_array_size(turns);

	json_array_foreach(turns, i, turn)
	{
		const json_t *report = json_object_get(turn, "report");
		CLEANUP(buf) struct buf text = { 0 };

		if (i + MAX_TURNS < n)
			continue;
		buf_init(&text, TURN_MAX_BYTES);
		buf_add_format(&text, "%s", json_get_text(report, "root_cause", "no report"));
		buf_add_format(out, "Asked before: %.500s\n", json_get_text(turn, "question", ""));
		fence_put(fence, "what came of it", (struct str) { buf_text(&text), text.len },
			  out);
	}
}

static int start_loop(struct crew *crew, struct loop *loop, const json_t *start, struct error *err)
{
	const json_t *kept = json_object_get(start, "conversation");
	const struct model *model = model_chain_model(&crew->chain);
	CLEANUP(buf) struct buf task = { 0 };
	size_t room;

	loop->crew = crew;
	toolbox_fill(loop, model);
	loop->shown_for = model;
	room = loop_room_bytes(loop, model) / TASK_SHARE;
	buf_init(&task, 2 * TASK_MAX_BYTES);
	if (!json_array_size(kept))
		put_turns(&crew->fence, json_object_get(start, "turns"), &task);
	prompt_task(crew->investigation, &crew->fence,
		    room < TASK_MAX_BYTES ? room : TASK_MAX_BYTES, &task);
	if (json_array_size(kept) && conversation_parse(&loop->conversation, kept, err) < 0)
		return err->code;
	return crew_add(crew, loop, buf_text(&task), err);
}

static int drive(struct crew *crew, struct loop *loop, const json_t *start, struct error *err)
{
	int r;

	add_own(loop, model_chain_model(&crew->chain));
	r = start_loop(crew, loop, start, err);
	return r < 0 ? r : crew_run(crew, err);
}

static json_t *report_of_loop(struct crew *crew, const json_t *start, json_t **conversation_out,
			      struct error *err)
{
	CLEANUP(json)
	json_t *tools = host_tools(crew->catalogue, crew->investigation->available);
	CLEANUP(buf) struct buf rules = { 0 };
	struct loop loop = {
		.agent = "investigator",
		.tools = tools,
		.must_submit = loop_submit_report.name,
	};
	json_t *report = NULL;

	buf_init(&rules, PROMPT_MAX_BYTES);
	prompt_rules(&crew->fence, &rules);
	loop.prompt = buf_text(&rules);
	if (drive(crew, &loop, start, err) == 0) {
		report = model_report_new(crew, &loop);
		*conversation_out = json_incref(loop.conversation.turns);
	}
	crew_finish(crew);
	loop_finish(&loop);
	return report;
}

/* Asked for, and cannot be: the built-in engine answers, and says why. */
static json_t *report_without(const struct investigation *investigation, const char *why)
{
	json_t *report = report_new(investigation);

	json_put(report, "engine", model_report_builtin(why));
	return report;
}

json_t *driven_run(struct investigation *investigation, struct line *line, const json_t *start,
		   json_t **conversation_out, struct error *err)
{
	struct crew crew = {
		.investigation = investigation,
		.line = line,
		.catalogue = json_object_get(start, "tools"),
	};
	struct error why = { 0 };

	*conversation_out = NULL;
	budget_init(&crew.budget, json_object_get(start, "budget"), clock_monotonic_ns());
	if (investigation_explore(investigation, err) < 0)
		return NULL;
	if (model_chain_parse(&crew.chain, json_object_get(start, "models"),
			      json_get_text(start, "engine", ""), &why) < 0)
		return report_without(investigation, why.text);
	if (fence_init(&crew.fence, err) < 0)
		return NULL;
	return report_of_loop(&crew, start, conversation_out, err);
}
