#include "investigation/loop_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/schema.h"
#include "investigation/change.h"
#include "investigation/digest.h"
#include "investigation/reach.h"

#define SUMMARY_BYTES 160
#define MAX_REFUSED 64

void loop_answer(struct loop *loop, struct loop_call *call, const char *text)
{
	if (call->is_answered || loop->state == LOOP_DONE)
		return;
	call->is_answered = true;
	call->text = strdup(text);
	if (!call->text)
		abort();
}

void loop_refuse(struct loop *loop, struct loop_call *call, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	call->is_failed = true;
	loop_answer(loop, call, text);
}

static struct ledger *ledger_of(const struct loop *loop)
{
	return &loop->crew->investigation->ledger;
}

static bool is_open(const struct evidence *evidence)
{
	return !evidence->result && !evidence->why.code;
}

static void answer_from(struct loop *loop, struct loop_call *call)
{
	const struct evidence *evidence = &ledger_of(loop)->items[call->item - 1];
	size_t room = loop_result_bytes(loop);
	CLEANUP(buf) struct buf body = { 0 };
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(buf) struct buf line = { 0 };
	char label[128];

	buf_init(&body, room + KIB);
	buf_init(&text, 6 * room + 4 * KIB);
	buf_init(&line, KIB);
	digest_put(evidence, room, &body);
	text_format(label, sizeof(label), "id=%s tool=%s%s", evidence->id, evidence->tool,
		    evidence->n_bytes > room ? " shown in part" : "");
	fence_put(&loop->crew->fence, label, (struct str) { buf_text(&body), body.len }, &text);
	call->is_failed = !evidence->result;
	digest_line(evidence, SUMMARY_BYTES, &line);
	body.len = 0;
	fence_put_text(&loop->crew->fence, (struct str) { buf_text(&line), line.len }, &body);
	call->summary = strdup(buf_text(&body));
	loop_answer(loop, call, buf_text(&text));
}

static void tell_start(const struct loop *loop, const struct evidence *evidence)
{
	struct line *line = loop->crew->line;

	line->tell(line, "tool_start",
		   json_pack("{s:s, s:s, s:O, s:s}", "id", evidence->id, "tool", evidence->tool,
			     "args", evidence->args, "agent", loop->agent));
}

static void tell_end(const struct loop *loop, const struct evidence *evidence)
{
	struct line *line = loop->crew->line;
	json_t *data = json_pack("{s:s, s:s, s:b, s:f, s:s}", "id", evidence->id, "tool",
				 evidence->tool, "ok", evidence->result != NULL, "elapsed_ms",
				 evidence->elapsed_ms, "agent", loop->agent);

	if (!evidence->result)
		json_put(data, "error", json_text(evidence->why.text, strlen(evidence->why.text)));
	line->tell(line, "tool_end", data);
}

static uint64_t patience_of(const struct evidence *wanted)
{
	bool may_wait = wanted->wanted || loop_is_foreign(wanted->tool);

	return clock_monotonic_ns() + (may_wait ? LOOP_APPROVAL_NS : LOOP_CALL_NS);
}

int loop_send_call(struct loop *loop, struct loop_call *call, const struct evidence *wanted,
		   struct error *err)
{
	struct crew *crew = loop->crew;
	struct ledger *ledger = ledger_of(loop);
	struct evidence *evidence;

	call->item = change_find(ledger, wanted);
	call->due_ns = patience_of(wanted);
	if (call->item) {
		if (!is_open(&ledger->items[call->item - 1]))
			answer_from(loop, call);
		return 0;
	}
	if (crew->budget.n_calls >= crew->budget.max_calls) {
		loop_refuse(loop, call, "No more calls: the budget is used up. Conclude.");
		return 0;
	}
	evidence = ledger_add(ledger, wanted->tool, wanted->args);
	if (!evidence) {
		loop_refuse(loop, call, "No more evidence fits. Conclude.");
		return 0;
	}
	if (wanted->wanted)
		evidence->wanted = strdup(wanted->wanted);
	crew->budget.n_calls++;
	text_format(evidence->agent, sizeof(evidence->agent), "%s", loop->agent);
	call->item = ledger->n;
	tell_start(loop, evidence);
	return crew->line->call(crew->line, ledger, ledger->n - 1, err);
}

/* Kept for the report: what a model tried, which may be what a host asked it to. */
static void refuse_tool(struct loop *loop, struct loop_call *call, const char *why)
{
	struct crew *crew = loop->crew;

	if (!crew->refused)
		crew->refused = json_array();
	if (json_array_size(crew->refused) < MAX_REFUSED)
		json_push(crew->refused, json_pack("{s:o, s:s, s:s}", "tool",
						   json_text(call->name, strlen(call->name)), "why",
						   why, "agent", loop->agent));
	loop_refuse(loop, call, "Refused: %.64s %s.", call->name, why);
}

static const json_t *catalogue_entry(const struct loop *loop, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(loop->crew->catalogue, i,
			   tool) if (strcmp(json_get_text(tool, "name", ""), name) ==
				     0) return tool;
	return NULL;
}

static int send_host_call(struct loop *loop, struct loop_call *call, const json_t *tool,
			  struct error *err)
{
	struct evidence wanted = { .tool = call->name, .args = call->args };
	CLEANUP(json) json_t *exact = NULL;
	const char *why;

	if (change_is_offer(tool)) {
		wanted.args = exact = change_split(call->args, &why);
		wanted.wanted = (char *)(uintptr_t)why;
	}
	return loop_send_call(loop, call, &wanted, err);
}

static int start_host_call(struct loop *loop, struct loop_call *call, struct error *err)
{
	const json_t *tool = json_object_get(loop->tools, call->name);
	struct error why = { 0 };

	if (!tool && catalogue_entry(loop, call->name))
		refuse_tool(loop, call,
			    "is not yours to call; what changes a host is proposed as a remedy "
			    "and approved by people");
	else if (!tool)
		refuse_tool(loop, call, "is no tool");
	else if (change_is_offer(tool) && !*json_get_text(call->args, "why", ""))
		refuse_tool(loop, call, "changes the host: say why");
	else if (schema_check(json_object_get(tool, "schema"), call->args, &why) < 0)
		loop_refuse(loop, call, "Wrong arguments: %s", why.text);
	else if (!reach_allows(loop->crew->investigation, call->name, call->args))
		refuse_tool(loop, call,
			    "may only be told names that stand in the question or the evidence");
	else
		return send_host_call(loop, call, tool, err);
	return 0;
}

static const struct loop_tool *find_own(const struct loop *loop, const char *name)
{
	for (size_t i = 0; loop->own[i]; i++)
		if (strcmp(loop->own[i]->name, name) == 0)
			return loop->own[i];
	return NULL;
}

static void start_own_call(struct loop *loop, const struct loop_tool *own, struct loop_call *call)
{
	struct error why = { 0 };
	CLEANUP(json) json_t *schema = json_parse(own->schema, strlen(own->schema), MIB, &why);

	if (!schema || schema_check(schema, call->args, &why) < 0)
		loop_refuse(loop, call, "Wrong arguments: %s", why.text);
	else
		own->start(loop, call);
}

static int start_call(struct loop *loop, struct loop_call *call, struct error *err)
{
	const struct loop_tool *own = find_own(loop, call->name);

	if (!own)
		return start_host_call(loop, call, err);
	start_own_call(loop, own, call);
	return 0;
}

static void take_call(struct loop *loop, const json_t *block)
{
	struct loop_call *call = &loop->calls[loop->n_calls++];

	*call = (struct loop_call) {
		.args = json_incref(json_object_get(block, "args")),
		.due_ns = UINT64_MAX,
	};
	text_format(call->id, sizeof(call->id), "%s", json_get_text(block, "id", ""));
	text_format(call->name, sizeof(call->name), "%s", json_get_text(block, "name", ""));
}

/* Every call needs an answer in the next turn, also one too many. */
static void refuse_rest(struct loop *loop, const json_t *block)
{
	conversation_answer(&loop->conversation,
			    &(struct tool_answer) {
				    .call_id = json_get_text(block, "id", ""),
				    .text = "Not run: too many calls at once. Ask again.",
				    .is_failed = true,
			    });
}

int loop_start_calls(struct loop *loop, const struct reply *reply, struct error *err)
{
	const json_t *block;
	size_t i;

	json_array_foreach(reply->blocks, i, block)
	{
		if (strcmp(json_get_text(block, "type", ""), "call") != 0)
			continue;
		if (loop->n_calls < LOOP_MAX_CALLS)
			take_call(loop, block);
		else
			refuse_rest(loop, block);
	}
	for (i = 0; i < loop->n_calls && loop->state != LOOP_DONE; i++) {
		int r = start_call(loop, &loop->calls[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static void call_finish(struct loop_call *call)
{
	json_decref(call->args);
	free(call->text);
	free(call->summary);
	*call = (struct loop_call) { 0 };
}

bool loop_end_calls(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_calls; i++)
		if (!loop->calls[i].is_answered)
			return false;
	for (size_t i = 0; i < loop->n_calls; i++) {
		struct loop_call *call = &loop->calls[i];

		conversation_answer(&loop->conversation,
				    &(struct tool_answer) { .call_id = call->id,
							    .text = call->text,
							    .summary = call->summary,
							    .is_failed = call->is_failed });
		call_finish(call);
	}
	loop->n_calls = 0;
	return true;
}

static void hear_person(struct loop *loop, struct loop_call *call, struct str said)
{
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 16 * KIB);
	buf_add_text(&text, "A person answers: ");
	buf_add(&text, said.data, said.len);
	loop_answer(loop, call, buf_text(&text));
}

void loop_hear_calls(struct loop *loop, const struct news *news)
{
	bool is_told = false;

	for (size_t i = 0; i < loop->n_calls; i++) {
		struct loop_call *call = &loop->calls[i];

		if (call->is_answered)
			continue;
		if (news->kind == NEWS_PERSON && call->asked == news->id)
			hear_person(loop, call, news->text);
		if (news->kind == NEWS_WAITS && (int64_t)call->item == news->id)
			call->waits = news->waits;
		if (news->kind != NEWS_ANSWER || (int64_t)call->item != news->id)
			continue;
		if (!is_told)
			tell_end(loop, &ledger_of(loop)->items[call->item - 1]);
		is_told = true;
		answer_from(loop, call);
	}
}

static int expire(struct loop *loop, struct loop_call *call, struct error *err)
{
	struct line *line = loop->crew->line;
	struct evidence *evidence;

	if (call->asked) {
		line->tell(line, "question_timeout",
			   json_pack("{s:I, s:s}", "id", (json_int_t)call->asked, "agent",
				     loop->agent));
		loop_refuse(loop, call, "Nobody answered in time. Go on without.");
		return 0;
	}
	if (!call->item) {
		loop_refuse(loop, call, "No answer in time.");
		return 0;
	}
	evidence = &ledger_of(loop)->items[call->item - 1];
	if (is_open(evidence))
		ledger_fail(evidence, -ETIMEDOUT, "no answer in time");
	tell_end(loop, evidence);
	answer_from(loop, call);
	return line->cancel(line, call->item - 1, err);
}

int loop_tick_calls(struct loop *loop, uint64_t now_ns, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < loop->n_calls && r == 0; i++)
		if (!loop->calls[i].is_answered && now_ns >= loop->calls[i].due_ns)
			r = expire(loop, &loop->calls[i], err);
	return r;
}

uint64_t loop_due_ns(const struct loop *loop)
{
	uint64_t due_ns = UINT64_MAX;
	bool is_open = false;

	if (loop->state == LOOP_READY)
		return 0;
	if (loop->state == LOOP_THINKING)
		return loop->exchange.state == EXCHANGE_SENT ||
				       loop->exchange.state == EXCHANGE_WAITING
			       ? loop->exchange.due_ns
			       : 0;
	for (size_t i = 0; i < loop->n_calls; i++) {
		if (loop->calls[i].is_answered)
			continue;
		is_open = true;
		if (loop->calls[i].due_ns < due_ns)
			due_ns = loop->calls[i].due_ns;
	}
	return is_open ? due_ns : 0; /* the last answer may have been another loop's */
}
