/* The remedy that a report offers, of the causes as they are, with what hosts may say. */
#include "investigation/remedy.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "investigation/recorded.h"
#include "investigation/remedy_offer.h"
#include "tools/catalogue.h"

static const struct tool_info tools[] = {
	{ .name = "control_service",
	  .schema = "{\"type\":\"object\",\"required\":[\"name\",\"action\"],\"properties\":"
		    "{\"name\":{\"type\":\"string\"},\"action\":{\"enum\":[\"start\"]}}}",
	  .risk = TOOL_CHANGES },
	{ .name = "signal_process",
	  .schema = "{\"type\":\"object\",\"required\":[\"pid\",\"name\",\"signal\"],"
		    "\"additionalProperties\":false,\"properties\":{\"pid\":{\"type\":\"integer\"},"
		    "\"name\":{\"type\":\"string\",\"maxLength\":64},"
		    "\"signal\":{\"enum\":[\"CONT\"]}}}",
	  .risk = TOOL_CHANGES },
	{ 0 },
};

static struct knowledge *load(void)
{
	struct error err = { 0 };
	char path[4096];
	struct knowledge *knowledge;

	(void)snprintf(path, sizeof(path), "%s/knowledge", getenv("SOURCE_DIR"));
	knowledge = knowledge_load(path, &err);
	if (!knowledge)
		fail_msg("%s", err.text);
	return knowledge;
}

/* What is reported where this listens and five wait for it. Takes the listener. */
static json_t *report_of(json_t *listener)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load();
	struct error err = { 0 };
	CLEANUP(predicates) struct predicates *predicates = predicates_new(knowledge, &err);
	CLEANUP(json) json_t *available = json_pack("{s:b}", "list_sockets", 1);
	CLEANUP(json)
	json_t *evidence = json_pack("[{s:s, s:{}, s:{s:[o]}}]", "tool", "list_sockets", "args",
				     "result", "listeners", listener);
	struct recorded recorded;
	CLEANUP(investigation)
	struct investigation investigation = {
		.question = "why does the api hang?",
		.since_s = 900,
		.host = "web1",
		.available = available,
		.tools = tools,
		.predicates = predicates,
		.witness = &recorded.witness,
	};
	json_t *report;

	recorded_init(&recorded, evidence, RECORDED_ANY_ARGS);
	report = investigation_run(&investigation, &err);
	if (!report)
		fail_msg("%s", err.text);
	CHECK_TEXT(json_get_text(report, "cause_id", "none"), "process.stopped");
	return report;
}

static json_t *listener(const char *comm, json_t *pid)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:o, s:i, s:s}", "protocol", "tcp", "address",
			 "0.0.0.0", "port", 8080, "comm", comm, "pid", pid, "queue", 5,
			 "process_state", "T");
}

TEST(a_remedy_calls_a_tool_that_exists_as_it_takes_it)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load();
	struct tool_info other[] = { tools[0], tools[1], { 0 } };
	struct error err = { 0 };

	CHECK_OK(remedies_check(knowledge, tools, &err), err);
	CHECK(remedies_check(knowledge, &tools[1], &err) < 0);
	CHECK(strstr(err.text, "no tool is named 'control_service'"));
	other[1].risk = TOOL_READS;
	CHECK(remedies_check(knowledge, other, &err) < 0);
	CHECK(strstr(err.text, "the risk of 'signal_process' is reads"));
	other[1] = tools[1];
	other[1].schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}";
	CHECK(remedies_check(knowledge, other, &err) < 0);
	CHECK(strstr(err.text, "process.stopped.yaml") && strstr(err.text, "call"));
}

TEST(what_a_host_says_is_a_value_of_one_argument)
{
	const char *name = "x\",\"signal\":\"KILL\",\"pid\":1,\"{pid}";
	CLEANUP(json) json_t *report = report_of(listener(name, json_integer(4711)));
	CLEANUP(json) json_t *remedy = remedy_of(report);
	CLEANUP(json)
	json_t *args = json_pack("{s:i, s:s, s:s}", "pid", 4711, "name", name, "signal", "CONT");
	const json_t *call = json_object_get(remedy, "call");
	const json_t *verify = json_array_get(json_object_get(remedy, "verify"), 0);

	CHECK_TEXT(json_get_text(call, "tool", "none"), "signal_process");
	CHECK(json_equal(json_object_get(call, "args"), args));
	CHECK_TEXT(json_get_text(verify, "tool", "none"), "list_sockets");
}

TEST(a_value_that_does_not_fit_makes_no_call)
{
	char name[66];
	CLEANUP(json) json_t *report = report_of(listener("api", json_string("4711; reboot")));
	CLEANUP(json) json_t *other = NULL;

	CHECK(!remedy_of(report));
	CHECK_INT(json_array_size(json_object_get(report, "remedies")), 1);
	memset(name, 'x', 65);
	name[65] = '\0';
	other = report_of(listener(name, json_integer(4711)));
	CHECK(!remedy_of(other));
}

TEST(a_value_that_is_missing_makes_no_call)
{
	json_t *frozen = listener("api", json_integer(4711));
	CLEANUP(json) json_t *report = NULL;

	json_put(frozen, "frozen", json_true());
	report = report_of(frozen);
	CHECK(!remedy_of(report));
}

TEST(only_the_remedy_of_a_proven_cause_is_offered)
{
	CLEANUP(json) json_t *report = report_of(listener("api", json_integer(4711)));
	json_t *first = json_array_get(json_object_get(report, "remedies"), 0);
	json_t *remedy = remedy_of(report);

	CHECK(remedy);
	json_decref(remedy);
	json_put(report, "verdict", json_string("inconclusive"));
	CHECK(!remedy_of(report));
	json_put(report, "verdict", json_string("healthy"));
	CHECK(!remedy_of(report));
	json_put(report, "verdict", json_string("cause-found"));
	json_put(first, "risk", json_string("reads"));
	CHECK(!remedy_of(report));
	json_put(first, "risk", json_string("changes"));
	json_object_del(first, "verify"); /* as a model's remedies are */
	CHECK(!remedy_of(report));
}

/* --- once it is made --------------------------------------------------------------------- */

static json_t *entry(const char *tool, json_t *args, const char *key, json_t *value)
{
	return json_pack("{s:s, s:o, s:o}", "tool", tool, "args", args, key, value);
}

static json_t *call_args(void)
{
	return json_pack("{s:i, s:s, s:s}", "pid", 4711, "name", "api", "signal", "CONT");
}

static json_t *sockets(json_t *listener)
{
	return json_pack("{s:[o*]}", "listeners", listener);
}

static json_t *failure(int code, const char *text)
{
	return json_pack("{s:i, s:s}", "code", code, "text", text);
}

/* The call has come to that. */
static json_t *came_to(const char *outcome, int code, const char *text)
{
	json_t *error = failure(code, text);

	json_put(error, "outcome", json_string(outcome));
	return entry("signal_process", call_args(), "error", error);
}

/* What is reported where the call, and then the sockets, are answered so. Takes both. */
static json_t *made(json_t *call, json_t *after, const json_t *earlier)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load();
	struct error err = { 0 };
	CLEANUP(predicates) struct predicates *predicates = predicates_new(knowledge, &err);
	CLEANUP(json) json_t *available = json_pack("{s:b}", "list_sockets", 1);
	CLEANUP(json) json_t *evidence = json_pack("[o, o]", call, after);
	CLEANUP(json)
	json_t *remedy = json_pack("{s:s, s:s, s:{s:s, s:o}, s:[{s:s, s:{}}]}", "cause_id",
				   "process.stopped", "statement", "Let api go on.", "call", "tool",
				   "signal_process", "args", call_args(), "verify", "tool",
				   "list_sockets", "args");
	struct recorded recorded;
	CLEANUP(investigation)
	struct investigation investigation = {
		.question = "why does the api hang?",
		.since_s = 900,
		.host = "web1",
		.available = available,
		.tools = tools,
		.remedy = remedy,
		.predicates = predicates,
		.witness = &recorded.witness,
	};
	json_t *report;

	investigation_restore(&investigation, earlier, 0);
	recorded_init(&recorded, evidence, RECORDED_EXACT);
	report = investigation_run(&investigation, &err);
	if (!report)
		fail_msg("%s", err.text);
	return report;
}

static void check_made(const json_t *report, const char *state, const char *verified,
		       const char *sentence)
{
	const json_t *remedy = json_object_get(report, "remedy");
	const char *found = json_get_text(report, "root_cause", "");

	CHECK_TEXT(json_get_text(remedy, "state", "none"), state);
	CHECK_TEXT(json_get_text(remedy, "verified", "none"), verified);
	CHECK_TEXT(json_get_text(remedy, "sentence", "none"), sentence);
	CHECK(strncmp(found, sentence, strlen(sentence)) == 0);
}

static json_t *done(void)
{
	return entry("signal_process", call_args(), "result", json_pack("{s:b}", "ended", 0));
}

TEST(a_cause_that_is_gone_is_said_to_be)
{
	CLEANUP(json)
	json_t *report =
		made(done(), entry("list_sockets", json_object(), "result", sockets(NULL)), NULL);

	check_made(report, "done", "gone",
		   "'signal_process' was run, and process.stopped is gone.");
}

TEST(a_cause_that_remains_is_said_to_remain)
{
	json_t *same = sockets(listener("api", json_integer(4711)));
	CLEANUP(json)
	json_t *report = made(done(), entry("list_sockets", json_object(), "result", same), NULL);

	check_made(report, "done", "remains",
		   "'signal_process' was run, but process.stopped remains.");
	CHECK_TEXT(json_get_text(report, "cause_id", "none"), "process.stopped");
}

TEST(what_cannot_be_read_again_is_not_called_gone)
{
	CLEANUP(json)
	json_t *report = made(
		done(),
		entry("list_sockets", json_object(), "error", failure(-5, "the host went away")),
		NULL);

	check_made(report, "done", "unknown",
		   "'signal_process' was run, but process.stopped could not be read again.");
}

TEST(a_refusal_says_why)
{
	json_t *same = sockets(listener("api", json_integer(4711)));
	CLEANUP(json)
	json_t *report = made(came_to("denied", -13, "eve denied it: not \xe2\x82\xac now"),
			      entry("list_sockets", json_object(), "result", same), NULL);

	check_made(report, "refused", "remains",
		   "'signal_process' was not run: eve denied it: not \xe2\x82\xac now; and "
		   "process.stopped remains.");
}

/* A job that ran may end with any code. */
TEST(only_what_did_not_run_is_said_not_to_have)
{
	static const struct {
		const char *outcome;
		int code;
		const char *state, *words;
	} rows[] = {
		{ "denied", -1, "refused", "was not run" },
		{ "expired", -110, "unanswered", "was not run" },
		{ "failed", -110, "failed", "failed" },
		{ "failed", -13, "failed", "failed" },
		{ "interrupted", -4, "unknown", "may have been run" },
		{ "cancelled", -125, "unknown", "may have been run" },
		{ "unknown", -110, "unknown", "may have been run" },
		{ "", -13, "unknown", "may have been run" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *same = sockets(listener("api", json_integer(4711)));
		char sentence[128];
		CLEANUP(json)
		json_t *report = made(came_to(rows[i].outcome, rows[i].code, "so it was"),
				      entry("list_sockets", json_object(), "result", same), NULL);

		text_format(sentence, sizeof(sentence),
			    "'signal_process' %s: so it was; and process.stopped remains.",
			    rows[i].words);
		check_made(report, rows[i].state, "remains", sentence);
	}
}

/* What is reported where a unit failed so long ago, people having been waited for. */
static json_t *waited(int64_t waited_s, int failed_s_ago, int asked_s)
{
	CLEANUP(knowledge) struct knowledge *knowledge = load();
	struct error err = { 0 };
	CLEANUP(predicates) struct predicates *predicates = predicates_new(knowledge, &err);
	CLEANUP(json) json_t *available = json_pack("{s:b}", "list_services", 1);
	CLEANUP(json)
	json_t *evidence = json_pack(
		"[{s:s, s:o, s:{}}, {s:s, s:{s:i}, s:{s:[{s:s, s:s, s:s, s:i}]}}]", "tool",
		"signal_process", "args", call_args(), "result", "tool", "list_services", "args",
		"since_s", asked_s, "result", "units", "name", "api.service", "active", "failed",
		"sub", "failed", "since_s_ago", failed_s_ago);
	CLEANUP(json)
	json_t *remedy = json_pack("{s:s, s:s, s:{s:s, s:o}, s:[{s:s, s:{s:i}}]}", "cause_id",
				   "service.failed", "statement", "Let it go on.", "call", "tool",
				   "signal_process", "args", call_args(), "verify", "tool",
				   "list_services", "args", "since_s", 900);
	struct recorded recorded;
	CLEANUP(investigation)
	struct investigation investigation = {
		.question = "is all well?",
		.since_s = 300,
		.waited_s = waited_s,
		.host = "web1",
		.available = available,
		.tools = tools,
		.remedy = remedy,
		.predicates = predicates,
		.witness = &recorded.witness,
	};
	json_t *report;

	recorded_init(&recorded, evidence, RECORDED_EXACT);
	report = investigation_run(&investigation, &err);
	if (!report)
		fail_msg("%s", err.text);
	return report;
}

TEST(what_only_aged_while_people_were_waited_for_is_not_gone)
{
	CLEANUP(json) json_t *at_once = waited(0, 890, 900);
	CLEANUP(json) json_t *late = waited(1800, 2690, 2700);
	CLEANUP(json) json_t *old = waited(1800, 2710, 2700);

	CHECK_TEXT(json_get_text(json_object_get(at_once, "remedy"), "verified", "-"), "remains");
	CHECK_TEXT(json_get_text(json_object_get(late, "remedy"), "verified", "-"), "remains");
	CHECK_TEXT(json_get_text(json_object_get(old, "remedy"), "verified", "-"), "gone");
}

TEST(what_was_read_before_it_was_made_is_read_again)
{
	CLEANUP(json) json_t *before = sockets(listener("api", json_integer(4711)));
	CLEANUP(text) char *bytes = json_canonical(before);
	char sha256[HASH_TEXT_BYTES];
	CLEANUP(json)
	json_t *earlier =
		json_pack("[{s:s, s:s, s:{}, s:s, s:s, s:s, s:b}]", "id", "e1", "tool",
			  "list_sockets", "args", "time", "2026-11-29T01:00:00.000Z", "bytes",
			  bytes, "sha256", hash_text(bytes, strlen(bytes), sha256), "earlier", 1);
	CLEANUP(json)
	json_t *report = made(done(), entry("list_sockets", json_object(), "result", sockets(NULL)),
			      earlier);

	CHECK_INT(json_array_size(json_object_get(report, "evidence")), 3);
	check_made(report, "done", "gone",
		   "'signal_process' was run, and process.stopped is gone.");
}
