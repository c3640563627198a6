/*
 * Every cause of the knowledge base against its two fixtures, by the real engine:
 * tests/causes/ID/holds.json, where it is the cause, and near-miss.json, where it
 * must not be named. Both say only what differs from tests/causes/healthy.json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "investigation/case.h"
#include "investigation/recorded.h"
#include "investigation/report.h"

static const char *source_path(char path[4096], const char *file)
{
	(void)snprintf(path, 4096, "%s/%s", getenv("SOURCE_DIR"), file);
	return path;
}

static struct knowledge *load_knowledge(void)
{
	struct error err = { 0 };
	char path[4096];
	struct knowledge *knowledge = knowledge_load(source_path(path, "knowledge"), &err);

	if (!knowledge)
		fail_msg("%s", err.text);
	return knowledge;
}

/* The knowledge base and what was compiled of it, which takes longer than to use it. */
struct expertise {
	struct knowledge *knowledge;
	struct predicates *predicates;
};

/* One for all tests of this program, and until its end. */
static struct expertise shared;

static void finish_shared(void)
{
	predicates_free(shared.predicates);
	knowledge_free(shared.knowledge);
	shared = (struct expertise) { 0 };
}

static const struct expertise *get_expertise(void)
{
	struct error err = { 0 };

	if (shared.predicates)
		return &shared;
	(void)atexit(finish_shared);
	shared.knowledge = load_knowledge();
	shared.predicates = predicates_new(shared.knowledge, &err);
	if (!shared.predicates)
		fail_msg("%s", err.text);
	CHECK_OK(predicates_prepare(shared.predicates, NULL, 0, &err), err);
	return &shared;
}

static json_t *load_fixture(const char *file)
{
	char path[4096];
	json_error_t why;
	json_t *fixture = json_load_file(source_path(path, file), JSON_REJECT_DUPLICATES, &why);

	if (!fixture)
		fail_msg("%s:%d: %s", file, why.line, why.text);
	return fixture;
}

static json_t *find_tool(const json_t *evidence, const char *tool)
{
	json_t *entry;
	size_t i;

	json_array_foreach(evidence, i, entry) if (strcmp(json_get_text(entry, "tool", ""), tool) ==
						   0) return entry;
	return NULL;
}

/* The fixture's evidence first, then what the quiet machine says; members are merged. */
static json_t *complete(const json_t *fixture, const json_t *healthy)
{
	const json_t *base = json_object_get(healthy, "evidence");
	json_t *all = json_array();
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(fixture, "evidence"), i, entry)
	{
		const char *tool = json_get_text(entry, "tool", "");
		const json_t *quiet = json_object_get(find_tool(base, tool), "result");
		json_t *copy = json_deep_copy(entry);
		json_t *result = quiet ? json_deep_copy(quiet) : json_object();

		if (json_object_get(entry, "result")) {
			json_object_update(result, json_object_get(entry, "result"));
			json_put(copy, "result", json_incref(result));
		}
		json_decref(result);
		json_push(all, copy);
	}
	json_array_foreach(base, i, entry) if (!find_tool(all, json_get_text(entry, "tool", "")))
		json_push(all, json_deep_copy(entry));
	return all;
}

struct scene {
	json_t *healthy, *evidence, *available;
	struct recorded recorded;
	struct investigation investigation;
};

static json_t *play(struct scene *scene, const struct expertise *expertise, const json_t *fixture,
		    const char *question)
{
	struct error err = { 0 };
	const json_t *entry;
	json_t *report;
	size_t i;

	scene->healthy = load_fixture("tests/causes/healthy.json");
	scene->evidence = complete(fixture, scene->healthy);
	scene->available = json_object();
	json_array_foreach(scene->evidence, i, entry)
		json_put(scene->available, json_get_text(entry, "tool", ""), json_true());
	recorded_init(&scene->recorded, scene->evidence, RECORDED_ANY_ARGS);
	scene->investigation = (struct investigation) {
		.question = question,
		.since_s = 900,
		.host = "web1",
		.available = scene->available,
		.predicates = expertise->predicates,
		.witness = &scene->recorded.witness,
	};
	report = investigation_run(&scene->investigation, &err);
	if (!report)
		fail_msg("%s", err.text);
	return report;
}

static void scene_finish(struct scene *scene)
{
	investigation_finish(&scene->investigation);
	json_decref(scene->healthy);
	json_decref(scene->evidence);
	json_decref(scene->available);
}

static const char *outcome(const json_t *report)
{
	return json_get_text(report, "cause_id", json_get_text(report, "verdict", "?"));
}

/* Returns whether the fixture ended as it should, and prints how it ended if not. */
static bool try_fixture(const struct expertise *expertise, const char *id, const char *kind)
{
	char file[512];
	struct scene scene = { 0 };
	bool holds = strcmp(kind, "holds") == 0, is_right;
	const char *expected;
	json_t *fixture, *report;

	(void)snprintf(file, sizeof(file), "tests/causes/%s/%s.json", id, kind);
	fixture = load_fixture(file);
	expected = json_get_text(fixture, "expect", holds ? id : NULL);
	report = play(&scene, expertise, fixture, json_get_text(fixture, "question", ""));
	is_right = expected ? strcmp(outcome(report), expected) == 0
			    : strcmp(outcome(report), id) != 0;
	if (!is_right || getenv("SHOW")) {
		CLEANUP(text)
		char *hypotheses = json_canonical(json_object_get(report, "hypotheses"));

		print_message("# %s: %s %.3f with %zu calls, expected %s%s\n", file,
			      outcome(report), json_get_number(report, "confidence", 0),
			      json_array_size(json_object_get(report, "evidence")),
			      holds || expected ? "" : "not ", expected ? expected : id);
		if (!is_right)
			print_message("# %.3000s\n", hypotheses);
	}
	json_decref(report);
	json_decref(fixture);
	scene_finish(&scene);
	return is_right;
}

static void try_all(const char *kind)
{
	const struct expertise *expertise = get_expertise();
	const char *only = getenv("CAUSE");
	size_t wrong = 0;

	for (size_t i = 0; i < expertise->knowledge->n_causes; i += only ? 1 : test_stride())
		if (!only || strcmp(only, expertise->knowledge->causes[i].id) == 0)
			wrong += !try_fixture(expertise, expertise->knowledge->causes[i].id, kind);
	CHECK_INT(wrong, 0);
}

/* A scene's calls of the kernel's traces: their presets, each with a blank behind it. */
static void presets_of(const struct scene *scene, char *text, size_t size)
{
	const struct ledger *ledger = &scene->investigation.ledger;

	text[0] = '\0';
	for (size_t i = 0; i < ledger->n; i++) {
		size_t len = strlen(text);

		if (strcmp(ledger->items[i].tool, "trace_kernel") == 0)
			(void)snprintf(text + len, size - len, "%s ",
				       json_get_text(ledger->items[i].args, "preset", "?"));
	}
}

/* Whatever it finds, a trace can be had. */
static void give_traces(json_t *fixture)
{
	json_push(json_object_get(fixture, "evidence"),
		  json_pack("{s:s, s:{s:[]}}", "tool", "trace_kernel", "result", "rows"));
}

TEST(vitals_that_point_somewhere_ask_for_the_fitting_trace)
{
	static const char *const scenes[][3] = {
		{ "disk.io-saturated", "disk-latency" },
		{ "cpu.saturated", "runq-latency" },
		{ "cpu.interrupts", "softirqs", "the network is slow and a processor is busy" },
		{ "network.packet-loss", "tcp-retransmits" },
		{ "memory.exhausted", "page-allocations" },
		{ "memory.swap-thrashing", "page-faults" },
	};
	const struct expertise *expertise = get_expertise();

	for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
		struct scene scene = { 0 };
		char file[512], asked[256], wanted[64];
		CLEANUP(json) json_t *fixture = NULL;
		json_t *report;

		(void)snprintf(file, sizeof(file), "tests/causes/%s/holds.json", scenes[i][0]);
		(void)snprintf(wanted, sizeof(wanted), "%s ", scenes[i][1]);
		fixture = load_fixture(file);
		give_traces(fixture);
		/* Most questions say nothing of it. */
		report = play(&scene, expertise, fixture,
			      scenes[i][2] ? scenes[i][2] : "what is wrong?");
		presets_of(&scene, asked, sizeof(asked));
		if (!strstr(asked, wanted))
			fail_msg("%s asked for '%s', not %s", scenes[i][0], asked, wanted);
		json_decref(report);
		scene_finish(&scene);
	}
}

TEST(a_quiet_machine_is_not_traced_unasked)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *fixture = json_pack("{s:[]}", "evidence");
	struct scene scene = { 0 };
	char asked[256];
	json_t *report;

	give_traces(fixture);
	report = play(&scene, expertise, fixture, "is everything fine?");
	presets_of(&scene, asked, sizeof(asked));
	CHECK_TEXT(asked, "");
	json_decref(report);
	scene_finish(&scene);
}

TEST(a_question_in_plain_words_is_answered_by_a_trace)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *fixture = json_pack("{s:[]}", "evidence");
	struct scene scene = { 0 };
	char asked[256];
	json_t *report;

	give_traces(fixture);
	report = play(&scene, expertise, fixture, "How long do requests to the disk take?");
	presets_of(&scene, asked, sizeof(asked));
	CHECK_TEXT(asked, "disk-latency ");
	json_decref(report);
	scene_finish(&scene);
}

TEST(each_cause_wins_where_it_holds)
{
	try_all("holds");
}

TEST(no_cause_wins_in_its_near_miss)
{
	try_all("near-miss");
}

/* Leading questions: all the words of each cause in turn, on a machine without a fault. */
TEST(a_quiet_machine_is_healthy_however_leading_the_question)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *nothing = json_object();
	size_t wrong = 0;

	for (size_t i = 0; i < expertise->knowledge->n_causes; i += test_stride()) {
		struct scene scene = { 0 };
		CLEANUP(text) char *words = json_dumps(expertise->knowledge->causes[i].words, 0);
		json_t *report = play(&scene, expertise, nothing, words ? words : "");

		if (strcmp(outcome(report), "healthy") != 0) {
			print_message("# asked for %s: %s\n", expertise->knowledge->causes[i].id,
				      outcome(report));
			wrong++;
		}
		json_decref(report);
		scene_finish(&scene);
	}
	CHECK_INT(wrong, 0);
}

TEST(a_replayed_case_gives_the_same_report_byte_for_byte)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *fixture = load_fixture("tests/causes/disk.full/holds.json");
	struct scene scene = { 0 };
	CLEANUP(json) json_t *report = play(&scene, expertise, fixture, "no space left?");
	CLEANUP(json) json_t *bundle = case_new(&scene.investigation, report);
	CLEANUP(json) json_t *again = NULL;
	CLEANUP(text) char *first = NULL;
	CLEANUP(text) char *second = NULL;
	struct error err = { 0 };

	CHECK_OK(case_check(bundle, &err), err);
	again = case_replay(bundle, expertise->predicates, NULL, &err);
	CHECK(again);
	json_object_del(report, "elapsed_ms");
	json_object_del(again, "elapsed_ms");
	first = report_format(report);
	second = report_format(again);
	CHECK_TEXT(first, second);
	scene_finish(&scene);
}

TEST(one_altered_byte_of_evidence_is_refused)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *fixture = load_fixture("tests/causes/disk.full/holds.json");
	struct scene scene = { 0 };
	CLEANUP(json) json_t *report = play(&scene, expertise, fixture, "no space left?");
	CLEANUP(json) json_t *bundle = case_new(&scene.investigation, report);
	json_t *item = json_array_get(json_object_get(bundle, "evidence"), 2);
	CLEANUP(text) char *bytes = strdup(json_get_text(item, "bytes", ""));
	struct error err = { 0 };

	CHECK(bytes && *bytes);
	bytes[strlen(bytes) / 2] ^= 1;
	json_put(item, "bytes", json_string(bytes));
	CHECK(case_check(bundle, &err) < 0);
	CHECK(strstr(err.text, "e3"));
	scene_finish(&scene);
}

TEST(every_claim_quotes_bytes_of_the_ledger)
{
	const struct expertise *expertise = get_expertise();
	CLEANUP(json) json_t *fixture = load_fixture("tests/causes/disk.full/holds.json");
	struct scene scene = { 0 };
	CLEANUP(json) json_t *report = play(&scene, expertise, fixture, "no space left?");
	const json_t *claims =
		json_object_get(json_array_get(json_object_get(report, "hypotheses"), 0), "for");
	const json_t *claim;
	size_t i;

	CHECK(json_array_size(claims) > 0);
	json_array_foreach(claims, i, claim)
	{
		size_t number = strtoul(json_get_text(claim, "evidence", "e0") + 1, NULL, 10) - 1;

		CHECK(json_get_bool(claim, "proven", false));
		CHECK(strstr(scene.investigation.ledger.items[number].bytes,
			     json_get_text(claim, "quote", "?")));
	}
	scene_finish(&scene);
}
