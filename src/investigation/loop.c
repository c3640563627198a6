#include "investigation/loop_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "investigation/model/salvage.h"

#define MAX_REMINDERS 2
#define MAX_SHORTENED 3
#define LAST_ROUND_NS (30 * NS_PER_SEC) /* after the time is over, to conclude */
#define LEAST_ROOM_BYTES (2 * KIB)
#define LEAST_RESULT_BYTES 600
#define MOST_RESULT_BYTES (24 * KIB)
#define MARGIN_TOKENS 256

size_t loop_room_bytes(const struct loop *loop, const struct model *model)
{
	CLEANUP(json) json_t *tools = toolbox_list(loop);
	CLEANUP(text) char *text = json_canonical(tools);
	size_t used = strlen(text) + strlen(loop->prompt);
	size_t all =
		(size_t)(model->context_tokens - model->max_output_tokens) * LOOP_BYTES_PER_TOKEN;
	size_t room = all > used + MARGIN_TOKENS * LOOP_BYTES_PER_TOKEN
			      ? all - used - MARGIN_TOKENS * LOOP_BYTES_PER_TOKEN
			      : 0;

	room >>= loop->n_shortened;
	return room > LEAST_ROOM_BYTES ? room : LEAST_ROOM_BYTES;
}

size_t loop_result_bytes(const struct loop *loop)
{
	const struct model *model = model_chain_model(&loop->crew->chain);
	size_t room = model ? loop_room_bytes(loop, model) / (2 + 2 * (loop->n_calls + 1)) : 0;

	return room < LEAST_RESULT_BYTES  ? LEAST_RESULT_BYTES
	       : room > MOST_RESULT_BYTES ? MOST_RESULT_BYTES
					  : room;
}

static json_t *make_body(struct exchange *exchange, const struct model *model)
{
	struct loop *loop = container_of(exchange, struct loop, exchange);
	CLEANUP(json) json_t *tools = NULL;

	if (!loop->shown || loop->shown_for != model)
		toolbox_fill(loop, model);
	loop->shown_for = model;
	tools = toolbox_list(loop);
	if (!conversation_fit(&loop->conversation, loop_room_bytes(loop, model)))
		return NULL;
	return model->impl->body(
		model, &(struct model_request) {
			       .prompt = loop->prompt,
			       .tools = tools,
			       .messages = &loop->conversation,
			       .episode = loop->crew->episode,
			       .must_call = loop->is_last_round ? loop->must_submit : NULL,
		       });
}

static void finish(struct loop *loop)
{
	loop->state = LOOP_DONE;
	if (loop->finished)
		loop->finished(loop);
}

static void give_up(struct loop *loop, const char *why)
{
	(void)error_set(&loop->why, -ENODATA, "%s", why);
	finish(loop);
}

void loop_submit(struct loop *loop, json_t *submitted)
{
	json_decref(loop->submitted);
	loop->submitted = submitted;
	finish(loop);
}

static void think(const struct loop *loop, const char *text)
{
	struct line *line = loop->crew->line;

	if (*text)
		line->tell(line, "thought",
			   json_pack("{s:o, s:s}", "text", json_text(text, strlen(text)), "agent",
				     loop->agent));
}

/* Calls written as text become blocks as if they had been made. */
static void salvage(struct loop *loop, struct reply *reply)
{
	CLEANUP(json) json_t *tools = toolbox_list(loop);
	CLEANUP(text) char *text = reply_text(reply);
	CLEANUP(buf) struct buf rest = { 0 };
	CLEANUP(json) json_t *calls = NULL;
	const json_t *call;
	char id[64];
	size_t i;

	if (reply->n_calls || loop->exchange.stream.model->impl == &model_anthropic)
		return;
	buf_init(&rest, MIB);
	calls = salvage_calls((struct str) { text, strlen(text) }, tools, &rest);
	json_array_foreach(calls, i, call)
	{
		text_format(id, sizeof(id), "written_%u_%zu", loop->n_rounds, i + 1);
		json_push(reply->blocks, json_pack("{s:s, s:s, s:O, s:O}", "type", "call", "id", id,
						   "name", json_object_get(call, "name"), "args",
						   json_object_get(call, "args")));
		reply->n_calls++;
	}
}

/* It talks but does not act: it is told once or twice, then what it said is all there is. */
static void remind(struct loop *loop, const struct reply *reply, const char *text)
{
	char reminder[256];

	if (!loop->must_submit && reply->stop != REPLY_LENGTH) {
		loop_submit(loop, json_pack("{s:o}", "text", json_text(text, strlen(text))));
		return;
	}
	if (loop->is_last_round || loop->n_reminders++ >= MAX_REMINDERS) {
		give_up(loop, "the model did not submit a report");
		return;
	}
	text_format(
		reminder, sizeof(reminder),
		reply->stop == REPLY_LENGTH ? "You were cut off. Be shorter, and call a tool%s%s."
		: reply->n_broken ? "The arguments of your call were no JSON. Call it again%s%s."
				  : "Go on: call a tool%s%s.",
		loop->must_submit ? ", or conclude with " : "",
		loop->must_submit ? loop->must_submit : "");
	conversation_say(&loop->conversation, reminder);
	loop->state = LOOP_READY;
}

static bool is_hopeless(const struct reply *reply)
{
	return reply->stop == REPLY_REFUSED;
}

static int take_reply(struct loop *loop, struct error *err)
{
	struct reply *reply = &loop->exchange.stream.reply;
	struct crew *crew = loop->crew;
	CLEANUP(text) char *text = NULL;
	int r;

	budget_spend(&crew->budget, loop->exchange.stream.model, &reply->usage);
	loop_note_chat(loop);
	if (reply->episode[0])
		text_format(crew->episode, sizeof(crew->episode), "%s", reply->episode);
	think(loop, buf_text(&reply->thoughts));
	text = reply_text(reply);
	think(loop, text);
	salvage(loop, reply);
	if (json_array_size(reply->blocks))
		conversation_reply(&loop->conversation, json_incref(reply->blocks));
	if (is_hopeless(reply)) {
		give_up(loop, "the model refused to answer");
		return 0;
	}
	if (!reply->n_calls && reply->stop == REPLY_PAUSED) {
		loop->state = LOOP_READY;
		return 0;
	}
	if (!reply->n_calls) {
		if (!json_array_size(reply->blocks))
			conversation_reply(&loop->conversation, json_pack("[{s:s, s:s}]", "type",
									  "text", "text", "..."));
		remind(loop, reply, text);
		return 0;
	}
	loop->state = LOOP_CALLING;
	r = loop_start_calls(loop, reply, err);
	return r;
}

/* The round after the budget has one purpose. */
static bool may_ask(struct loop *loop, uint64_t now_ns)
{
	const char *end = budget_end(&loop->crew->budget, now_ns);
	char text[256];

	if (!end && loop->max_rounds && loop->n_rounds >= loop->max_rounds)
		end = "your rounds are used up";
	if (!end)
		return true;
	if (loop->is_last_round) {
		give_up(loop, end);
		return false;
	}
	loop->is_last_round = true;
	text_format(text, sizeof(text), "No more: %s. Conclude now with what you have%s%s.", end,
		    loop->must_submit ? ": call " : "", loop->must_submit ? loop->must_submit : "");
	conversation_say(&loop->conversation, text);
	return true;
}

static int ask(struct loop *loop, uint64_t now_ns, struct error *err)
{
	if (!may_ask(loop, now_ns))
		return 0;
	if (json_array_size(loop->conversation.turns) >= CONVERSATION_MAX_TURNS - 2) {
		give_up(loop, "the conversation is too long");
		return 0;
	}
	loop->n_rounds++;
	loop->crew->budget.n_rounds++;
	loop->state = LOOP_THINKING;
	loop->asked_ns = now_ns;
	return exchange_start(&loop->exchange, now_ns, err);
}

static int shorten(struct loop *loop, uint64_t now_ns, struct error *err)
{
	int r = 0;

	while (loop->exchange.state == EXCHANGE_TOO_LONG && r == 0) {
		if (++loop->n_shortened > MAX_SHORTENED) {
			give_up(loop, "the conversation does not fit the model");
			return 0;
		}
		r = exchange_start(&loop->exchange, now_ns, err);
	}
	return r;
}

static int advance(struct loop *loop, uint64_t now_ns, struct error *err)
{
	if (loop->state == LOOP_CALLING) {
		int r = loop_tick_calls(loop, now_ns, err);

		if (r < 0 || loop->state == LOOP_DONE)
			return r;
		if (loop_end_calls(loop))
			loop->state = LOOP_READY;
	}
	if (loop->state == LOOP_READY)
		return ask(loop, now_ns, err);
	if (loop->state != LOOP_THINKING)
		return 0;
	if (loop->exchange.state == EXCHANGE_TOO_LONG)
		return shorten(loop, now_ns, err);
	if (loop->exchange.state == EXCHANGE_REPLIED)
		return take_reply(loop, err);
	if (loop->exchange.state == EXCHANGE_FAILED) {
		give_up(loop,
			loop->exchange.why.code ? loop->exchange.why.text : "no model is left");
		return 0;
	}
	return exchange_tick(&loop->exchange, now_ns, err);
}

void loop_finish(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_calls; i++) {
		json_decref(loop->calls[i].args);
		free(loop->calls[i].text);
		free(loop->calls[i].summary);
	}
	loop->n_calls = 0;
	exchange_finish(&loop->exchange);
	conversation_finish(&loop->conversation);
	json_decref(loop->submitted);
	json_decref(loop->shown);
	loop->submitted = loop->shown = NULL;
}

int crew_add(struct crew *crew, struct loop *loop, const char *task, struct error *err)
{
	size_t at = 0;

	while (at < crew->n_loops && crew->loops[at] && crew->loops[at]->state != LOOP_DONE)
		at++;
	if (at == CREW_MAX_LOOPS)
		return error_set(err, -ENOSPC, "%d agents are at work already", CREW_MAX_LOOPS);
	if (!loop->conversation.turns)
		conversation_init(&loop->conversation);
	loop->crew = crew;
	loop->state = LOOP_READY;
	exchange_init(&loop->exchange, &crew->chain, crew->line, make_body);
	conversation_say(&loop->conversation, task);
	crew->loops[at] = loop;
	if (at == crew->n_loops)
		crew->n_loops++;
	return 0;
}

static int advance_all(struct crew *crew, uint64_t now_ns, struct error *err)
{
	for (size_t i = 0; i < crew->n_loops; i++) {
		enum loop_state state;

		do {
			int r;

			state = crew->loops[i]->state;
			r = state == LOOP_DONE ? 0 : advance(crew->loops[i], now_ns, err);
			if (r < 0)
				return r;
		} while (crew->loops[i]->state != state);
	}
	return investigation_learn(crew->investigation, err);
}

static uint64_t next_due_ns(const struct crew *crew)
{
	uint64_t due_ns = crew->budget.deadline_ns + LAST_ROUND_NS;

	for (size_t i = 0; i < crew->n_loops; i++) {
		const struct loop *loop = crew->loops[i];
		uint64_t this_ns = loop->state == LOOP_DONE ? UINT64_MAX : loop_due_ns(loop);

		due_ns = this_ns < due_ns ? this_ns : due_ns;
	}
	return due_ns;
}

static int hear(struct crew *crew, struct error *err)
{
	CLEANUP(news) struct news news = { 0 };
	uint64_t begin_ns = persons_wait_begin(crew);
	int r = crew->line->hear(crew->line, &crew->investigation->ledger, next_due_ns(crew), &news,
				 err);

	persons_wait_end(crew, begin_ns);
	if (news.kind == NEWS_OVER && crew->loops[0]->state != LOOP_DONE)
		give_up(crew->loops[0], "the time is over");
	if (news.kind == NEWS_SPENT)
		text_format(crew->budget.why_over, sizeof(crew->budget.why_over), "%.*s",
			    (int)news.text.len, news.text.data);
	for (size_t i = 0; i < crew->n_loops && r == 0; i++) {
		struct loop *loop = crew->loops[i];

		if (news.kind == NEWS_TOOLS)
			toolbox_withdraw(loop, news.text);
		if (loop->state == LOOP_THINKING)
			r = exchange_take(&loop->exchange, &news, clock_monotonic_ns(), err);
		else if (loop->state == LOOP_CALLING)
			loop_hear_calls(loop, &news);
	}
	return r;
}

/* What nobody waits for any more is said to be missing. */
static int close_open(struct crew *crew, struct error *err)
{
	struct ledger *ledger = &crew->investigation->ledger;
	int r = 0;

	for (size_t i = 0; i < ledger->n && r == 0; i++) {
		if (ledger->items[i].result || ledger->items[i].why.code)
			continue;
		ledger_fail(&ledger->items[i], -ECANCELED, "not waited for");
		r = crew->line->cancel(crew->line, i, err);
	}
	return r < 0 ? r : investigation_learn(crew->investigation, err);
}

int crew_run(struct crew *crew, struct error *err)
{
	int r = advance_all(crew, clock_monotonic_ns(), err);

	while (r == 0 && crew->loops[0]->state != LOOP_DONE) {
		if (clock_monotonic_ns() >= crew->budget.deadline_ns + LAST_ROUND_NS)
			give_up(crew->loops[0], "the time is over");
		else
			r = hear(crew, err);
		if (r == 0)
			r = advance_all(crew, clock_monotonic_ns(), err);
	}
	return r < 0 ? r : close_open(crew, err);
}

void crew_finish(struct crew *crew)
{
	struct error err = { 0 };

	for (size_t i = 0; i < crew->n_loops; i++)
		if (crew->loops[i]->state == LOOP_THINKING)
			(void)crew->line->give_up(crew->line, crew->loops[i]->exchange.id,
						  &err); /* it may be gone itself */
	json_decref(crew->refused);
	crew->refused = NULL;
	crew->n_loops = 0;
}
