/* A whole driven investigation in one process: recorded evidence, and a line that is a script. */
#include "investigation/driven.h"

#include <stdio.h>
#include <string.h>

#include "base/test.h"
#include "investigation/loop_internal.h"
#include "investigation/recorded.h"
#include "investigation/start.h"

/* The answers of a model, one per order, cut into pieces of a few bytes. */
struct script {
	struct line line;
	const char *const *answers;
	size_t n_orders, n_calls, at;
	int64_t order; /* 0: none is open */
	size_t called; /* item to be answered, from 1 */
	bool has_head, is_over;
	const char *spent; /* to be told once; or NULL */
	char last_order[65536];
	struct witness *witness;
};

static struct script *script_of(struct line *line)
{
	return container_of(line, struct script, line);
}

static int call(struct line *line, const struct ledger *ledger UNUSED, size_t item,
		struct error *err UNUSED)
{
	script_of(line)->called = item + 1;
	script_of(line)->n_calls++;
	return 0;
}

static int cancel(struct line *line UNUSED, size_t item UNUSED, struct error *err UNUSED)
{
	return 0;
}

static int order(struct line *line, const struct model_order *order, struct error *err UNUSED)
{
	struct script *script = script_of(line);

	script->order = order->id;
	script->at = 0;
	script->has_head = false;
	script->n_orders++;
	text_format(script->last_order, sizeof(script->last_order), "%s", order->body);
	return 0;
}

static int give_up(struct line *line, int64_t id UNUSED, struct error *err UNUSED)
{
	script_of(line)->order = 0;
	return 0;
}

static int ask(struct line *line UNUSED, int64_t id UNUSED, const json_t *question UNUSED,
	       struct error *err UNUSED)
{
	return 0;
}

static void answer_call(struct script *script, struct ledger *ledger, struct news *news)
{
	static const char result[] = "{\"content\":\"workers = 0\",\"path\":\"/etc/app.conf\"}";

	ledger_answer(ledger, &ledger->items[script->called - 1],
		      (struct str) { result, sizeof(result) - 1 }, NULL);
	*news = (struct news) { .kind = NEWS_ANSWER, .id = (int64_t)script->called };
	script->called = 0;
}

static void answer_order(struct script *script, struct news *news)
{
	const char *text = script->answers[script->n_orders - 1] + script->at;
	size_t len = strlen(text) < 11 ? strlen(text) : 11;

	news->id = script->order;
	if (!script->has_head) {
		*news = (struct news) { .kind = NEWS_HEAD, .id = news->id, .status = 200 };
		script->has_head = true;
	} else if (len) {
		news->kind = NEWS_CHUNK;
		news->text = (struct str) { text, len };
		script->at += len;
	} else {
		news->kind = NEWS_END;
		script->order = 0;
	}
}

static int hear(struct line *line, struct ledger *ledger, uint64_t deadline_ns UNUSED,
		struct news *news_out, struct error *err UNUSED)
{
	struct script *script = script_of(line);

	*news_out = (struct news) { 0 };
	if (script->is_over) {
		script->witness->is_over = true;
		news_out->kind = NEWS_OVER;
	} else if (script->spent) {
		*news_out = (struct news) { .kind = NEWS_SPENT,
					    .text = { script->spent, strlen(script->spent) } };
		script->spent = NULL;
	} else if (script->called)
		answer_call(script, ledger, news_out);
	else if (script->order)
		answer_order(script, news_out);
	return 0;
}

static void tell(struct line *line UNUSED, const char *type UNUSED, json_t *data)
{
	json_decref(data);
}

static json_t *load(const char *file)
{
	char path[4096];
	json_error_t why;
	json_t *json;

	(void)snprintf(path, sizeof(path), "%s/%s", getenv("SOURCE_DIR"), file);
	json = json_load_file(path, 0, &why);
	if (!json)
		FAIL("%s:%d: %s", path, why.line, why.text);
	return json;
}

static json_t *start_of(void)
{
	json_t *tool = json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", "read_file", "summary",
				 "Reads.", "risk", "reads", "schema", "type", "object");

	return json_pack("{s:s, s:s, s:[o], s:[{s:s, s:s, s:i}]}", "question", "why", "engine", "m",
			 "tools", tool, "models", "name", "m", "provider", "openai",
			 "context_tokens", 16384);
}

static json_t *drive(struct script *script, const json_t *start)
{
	CLEANUP(knowledge) struct knowledge *knowledge = NULL;
	CLEANUP(predicates) struct predicates *predicates = NULL;
	CLEANUP(json) json_t *healthy = load("tests/causes/healthy.json");
	CLEANUP(json) json_t *available = start_tools(start);
	CLEANUP(json) json_t *conversation = NULL;
	CLEANUP(investigation) struct investigation investigation = { 0 };
	char path[4096];
	struct error err = { 0 };
	static struct skills skills;
	struct recorded recorded;
	json_t *report;

	(void)snprintf(path, sizeof(path), "%s/knowledge", getenv("SOURCE_DIR"));
	knowledge = knowledge_load(path, &err);
	CHECK(knowledge);
	predicates = predicates_new(knowledge, &err);
	CHECK(predicates);
	recorded_init(&recorded, json_object_get(healthy, "evidence"), RECORDED_ANY_ARGS);
	start_read(start, &investigation);
	investigation.available = available;
	investigation.predicates = predicates;
	investigation.witness = &recorded.witness;
	script->witness = &recorded.witness;
	script->line = (struct line) { call, cancel, order, give_up, ask, hear, tell };
	report = driven_run(&investigation, &(struct driven) { &script->line, start, &skills },
			    &conversation, &err);
	if (!report)
		FAIL("%s", err.text);
	return report;
}

#define CALL(name, args)                                                                  \
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"       \
	"\"id\":\"c-" name "\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" args \
	"\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n"
#define READS CALL("read_file", "{\\\"path\\\":\\\"/etc/app.conf\\\"}")
#define SUBMITS(quote)                                                                       \
	CALL("submit_report", "{\\\"verdict\\\":\\\"cause-found\\\",\\\"root_cause\\\":"     \
			      "\\\"No workers.\\\",\\\"confidence\\\":0.9,\\\"claims\\\":[{" \
			      "\\\"says\\\":\\\"x\\\",\\\"evidence\\\":\\\"e1\\\","          \
			      "\\\"quote\\\":\\\"" quote "\\\"}]}")

TEST(a_model_reads_and_proves)
{
	static const char *const answers[] = { READS, SUBMITS("workers = 0") };
	CLEANUP(json) json_t *start = start_of();
	struct script script = { .answers = answers };
	CLEANUP(json) json_t *report = drive(&script, start);

	CHECK_INT(script.n_calls, 1);
	CHECK_TEXT(json_get_text(report, "root_cause", ""), "No workers.");
	CHECK_TEXT(json_get_text(report, "verdict", ""), "cause-found");
}

TEST(when_others_used_what_was_left_one_round_is_left)
{
	static const char *const answers[] = { READS, READS, SUBMITS("workers = 0") };
	CLEANUP(json) json_t *start = start_of();
	struct script script = { .answers = answers, .spent = "the org has used it up" };
	CLEANUP(json) json_t *report = drive(&script, start);

	CHECK(report);
	CHECK_INT(script.n_orders, 2);
	CHECK(strstr(script.last_order, "No more: the org has used it up. Conclude now"));
}

TEST(a_quote_that_is_nowhere_does_not_count)
{
	static const char *const answers[] = { READS, SUBMITS("workers = 9"),
					       SUBMITS("workers = 9"), SUBMITS("workers = 9") };
	CLEANUP(json) json_t *start = start_of();
	struct script script = { .answers = answers };
	CLEANUP(json) json_t *report = drive(&script, start);

	CHECK_INT(script.n_orders, 4);
	CHECK_TEXT(json_get_text(report, "verdict", ""), "inconclusive");
}

TEST(when_the_time_is_over_the_engine_says_what_it_has)
{
	static const char *const answers[] = { READS };
	CLEANUP(json) json_t *start = start_of();
	struct script script = { .answers = answers, .is_over = true };
	CLEANUP(json) json_t *report = drive(&script, start);
	const json_t *first = json_array_get(json_object_get(report, "unknowns"), 0);

	CHECK_INT(script.n_orders, 1);
	CHECK_TEXT(json_get_text(json_object_get(report, "engine"), "name", ""), "builtin");
	CHECK_TEXT(json_get_text(report, "verdict", ""), "inconclusive");
	CHECK_TEXT(json_get_text(first, "what", ""), "the rest of the investigation");
}

TEST(a_model_that_was_never_configured_leaves_it_to_the_engine)
{
	CLEANUP(json) json_t *start = start_of();
	struct script script = { 0 };
	CLEANUP(json) json_t *report = NULL;

	json_put(start, "engine", json_string("nobody"));
	report = drive(&script, start);
	CHECK_INT(script.n_orders, 0);
	CHECK_TEXT(json_get_text(json_object_get(report, "engine"), "name", ""), "builtin");
}

static void hear_waits(struct loop *loop, int64_t id, bool waits)
{
	loop_hear_calls(loop, &(struct news) { .kind = NEWS_WAITS, .id = id, .waits = waits });
}

TEST(a_call_of_a_foreign_tool_waits_for_a_person_while_the_line_says_so)
{
	static struct investigation investigation;
	struct crew crew = { .investigation = &investigation, .n_loops = 1 };
	struct loop loop = { .crew = &crew, .n_calls = 1, .calls = { { .item = 1 } } };
	CLEANUP(json) json_t *args = json_object();

	crew.loops[0] = &loop;
	CHECK(ledger_add(&investigation.ledger, "mcp__tickets__search", args));
	CHECK(!persons_wait_begin(&crew));
	hear_waits(&loop, 2, true);
	CHECK(!persons_wait_begin(&crew));
	hear_waits(&loop, 1, true);
	CHECK(persons_wait_begin(&crew));
	hear_waits(&loop, 1, false);
	CHECK(!persons_wait_begin(&crew));
	ledger_finish(&investigation.ledger);
}
