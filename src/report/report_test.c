/*
 * The documents of tests/reports as each reader gets them, beside what was read and found right:
 * NAME.json, NAME.md ... REPORT_UPDATE=1 writes those anew, to be read before they are committed.
 */
#include "report/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/test.h"
#include "base/utf8.h"

#define MAX_BYTES (1 * MIB)

static char *pretty(json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_PRESERVE_ORDER);

	json_decref(json);
	return text;
}

static char *write_slack(const json_t *document)
{
	return pretty(report_slack(document, OUTLINE_FULL));
}

static char *write_slack_brief(const json_t *document)
{
	return pretty(report_slack(document, OUTLINE_BRIEF));
}

static char *write_teams(const json_t *document)
{
	return pretty(report_teams(document));
}

static char *write_event(const json_t *document)
{
	return pretty(report_pagerduty_event(document, "constable/inc_1"));
}

static char *write_controls(const json_t *document)
{
	return pretty(report_slack_controls(document));
}

static const struct format {
	const char *suffix;
	char *(*write)(const json_t *document);
} formats[] = {
	{ "md", report_markdown },
	{ "html", report_html },
	{ "txt", report_plain },
	{ "slack.json", write_slack },
	{ "slack-brief.json", write_slack_brief },
	{ "teams.json", write_teams },
	{ "event.json", write_event },
};

static const char *path_of(const char *name, const char *suffix)
{
	static char path[512];

	text_format(path, sizeof(path), "%s/tests/reports/%s.%s", getenv("SOURCE_DIR"), name,
		    suffix);
	return path;
}

static void load(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");

	buf_init(out, MAX_BYTES);
	buf_add(out, "", 0);
	if (!file)
		FAIL("there is no %s", path);
	CHECK_INT(buf_read_fd(out, fileno(file)), 0);
	(void)fclose(file);
}

static json_t *load_document(const char *name)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	json_t *document;

	load(path_of(name, "json"), &text);
	document = json_parse(text.data, text.len, MAX_BYTES, &err);
	CHECK_OK(err.code, err);
	return document;
}

static void save(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CHECK(file && fputs(text, file) >= 0);
	(void)fclose(file);
}

static void check_format(const char *name, const json_t *document, const struct format *format)
{
	CLEANUP(buf) struct buf expected = { 0 };
	CLEANUP(text) char *text = format->write(document);

	CHECK(utf8_is_valid(text, strlen(text)));
	if (getenv("REPORT_UPDATE"))
		save(path_of(name, format->suffix), text);
	load(path_of(name, format->suffix), &expected);
	CHECK_TEXT(text, expected.data);
}

static void check_document(const char *name)
{
	CLEANUP(json) json_t *document = load_document(name);

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		check_format(name, document, &formats[i]);
}

TEST(a_report_reads_as_it_did)
{
	check_document("cause-found");
}

TEST(an_incident_that_is_over_says_so)
{
	check_document("resolved");
}

TEST(a_remedy_says_how_far_it_is)
{
	check_document("remedies");
}

TEST(services_stand_before_the_verdict)
{
	check_document("services");
}

TEST(hostile_texts_stay_texts)
{
	check_document("hostile");
}

TEST(what_people_are_asked_is_exact_and_escaped)
{
	static const struct format controls = { "controls.json", write_controls };
	static const char *const names[] = { "appeal-change", "appeal-tool", "appeal-question",
					     "appeal-answered", "appeal-remedy" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(json) json_t *document = load_document(names[i]);

		check_document(names[i]);
		check_format(names[i], document, &controls);
	}
}

/* A document of which everything is as long as it can be. */
static json_t *make_huge(void)
{
	json_t *document = load_document("hostile");
	json_t *report = json_object_get(document, "report");
	json_t *hypothesis = json_array_get(json_object_get(report, "hypotheses"), 0);
	char text[3001];

	(void)memset(text, '<', sizeof(text) - 1);
	text[3000] = '\0';
	for (size_t i = 0; i < 300; i++) {
		json_push(json_object_get(report, "evidence"),
			  json_pack("{s:s, s:s, s:s, s:s}", "id", "e1", "tool", "t", "host", "h",
				    "summary", text));
		json_push(json_object_get(report, "hypotheses"), json_incref(hypothesis));
		json_push(json_object_get(report, "remedies"),
			  json_pack("{s:s}", "statement", text));
	}
	return document;
}

static void check_text_object(const json_t *text, size_t max)
{
	size_t len = strlen(json_get_text(text, "text", ""));

	CHECK(len > 0 && len <= max);
}

TEST(slack_gets_no_more_than_it_takes)
{
	CLEANUP(json) json_t *document = make_huge();
	CLEANUP(json) json_t *message = report_slack(document, OUTLINE_FULL);
	const json_t *blocks = json_object_get(message, "blocks"), *block;
	CLEANUP(text) char *text = json_dumps(blocks, JSON_COMPACT);
	size_t i;

	CHECK(json_array_size(blocks) <= 50);
	json_array_foreach(blocks, i, block)
		check_text_object(json_object_get(block, "text"), i ? 3000 : 150);
	CHECK(strstr(text, "Cut here: "));
	CHECK(!strstr(text, "<"));
}

TEST(teams_gets_no_more_than_it_takes)
{
	CLEANUP(json) json_t *document = make_huge();
	CLEANUP(json) json_t *message = report_teams(document);
	CLEANUP(text) char *text = json_dumps(message, JSON_COMPACT);

	CHECK(strlen(text) <= REPORT_TEAMS_MAX_BYTES && strlen(text) > 20 * KIB);
	CHECK(strstr(text, "Cut here: "));
}

TEST(long_documents_end_with_what_is_missing)
{
	CLEANUP(json) json_t *document = make_huge();
	char *(*const writers[])(const json_t *) = { report_markdown, report_html, report_plain,
						     report_pagerduty_note };

	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		CLEANUP(text) char *text = writers[i](document);

		CHECK(strlen(text) <= REPORT_TEXT_MAX_BYTES);
		CHECK(strstr(text, "Cut here: "));
	}
}

TEST(a_document_of_anything_is_survived)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"7",
		"{\"incident\":7,\"report\":[]}",
		"{\"incident\":{},\"report\":{}}",
		"{\"appeal\":{}}",
		"{\"incident\":{},\"appeal\":{\"state\":\"open\",\"type\":\"question\",\"choices\":"
		"7,"
		"\"id\":[],\"expires\":{}}}",
		"{\"appeal\":{\"state\":\"open\",\"type\":\"change\",\"arguments\":7,\"why\":[]}}",
		"{\"appeal\":{\"state\":\"open\",\"choices\":[7,null,\"\",{}]}}",
		"{\"kind\":7,\"url\":{},\"report\":{\"hypotheses\":{},\"evidence\":7,"
		"\"timeline\":[[]],\"remedies\":[null],\"unknowns\":{\"a\":1},"
		"\"confidence\":\"x\",\"verdict\":null}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(json) json_t *document = json_loads(texts[i], JSON_DECODE_ANY, NULL);

		for (size_t j = 0; j < ARRAY_LEN(formats); j++) {
			CLEANUP(text) char *text = formats[j].write(document);

			CHECK(text && *text);
		}
		json_decref(report_slack_controls(document));
	}
}

/* Rows an hour apart, the oldest 39 h ago: the alert fired 'fired_ago_s' before the report. */
static char *write_timeline(int64_t fired_ago_s)
{
	CLEANUP(json)
	json_t *document =
		json_pack("{s:s, s:{s:s, s:s, s:s, s:f, s:[], s:I}}", "kind", "report", "report",
			  "verdict", "inconclusive", "root_cause", "?", "host", "a", "confidence",
			  0.0, "timeline", "fired_seconds_ago", (json_int_t)fired_ago_s);
	json_t *rows = json_object_get(json_object_get(document, "report"), "timeline");

	for (int ago_h = 39; ago_h >= 0; ago_h--) {
		char text[32];

		text_format(text, sizeof(text), "row %d.", ago_h);
		json_push(rows,
			  json_pack("{s:I, s:s, s:s}", "seconds_ago", (json_int_t)ago_h * 3600,
				    "text", text, "evidence", "e1"));
	}
	return report_plain(document);
}

TEST(a_timeline_shows_what_was_newest_before_the_alert_and_says_what_it_leaves_out)
{
	CLEANUP(text) char *late = write_timeline(0);
	CLEANUP(text) char *early = write_timeline(20 * 3600);

	CHECK(strstr(late, "row 0.") && strstr(late, "row 19.") && !strstr(late, "row 20."));
	CHECK(strstr(late, "20 earlier rows are left out") && !strstr(late, "later rows"));
	CHECK(strstr(early, "row 33.") && strstr(early, "row 20.") && strstr(early, "row 14."));
	CHECK(!strstr(early, "row 34.") && !strstr(early, "row 13."));
	CHECK(strstr(early, "6 earlier rows are left out"));
	CHECK(strstr(early, "14 later rows are left out"));
}
