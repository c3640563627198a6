#include "server/pipeline/pipeline.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "call/schema.h"

static int parse(const char *text, struct pipeline *pipeline, struct error *err)
{
	CLEANUP(json) json_t *schema = json_loads(PIPELINE_SCHEMA, 0, NULL);
	CLEANUP(json) json_t *document = json_loads(text, 0, NULL);
	int r;

	CHECK(schema && document);
	r = schema_check(schema, document, err);
	return r < 0 ? r : pipeline_parse(document, pipeline, err);
}

static bool takes(const char *text, const char *alert_text, char why[ERROR_TEXT_BYTES])
{
	struct pipeline pipeline = { 0 };
	CLEANUP(json) json_t *alert = json_loads(alert_text, 0, NULL);
	struct error err = { 0 };
	bool answer;

	CHECK_INT(parse(text, &pipeline, &err), 0);
	answer = pipeline_takes(&pipeline, alert, why);
	pipeline_finish(&pipeline);
	return answer;
}

#define TARGET "\"target\":{\"hosts\":[\"{labels.instance}\"]}"
#define ALERT                                                                               \
	"{\"integration\":\"i_1\",\"kind\":\"alertmanager\",\"integration_name\":\"prod\"," \
	"\"severity\":\"critical\",\"name\":\"NginxDown\",\"labels\":{\"env\":\"prod\"}}"

TEST(the_schema_is_one)
{
	CLEANUP(json) json_t *schema = json_loads(PIPELINE_SCHEMA, 0, NULL);
	struct error err = { 0 };

	CHECK_INT(schema_check_self(schema, &err), 0);
}

TEST(a_short_document_gets_the_defaults)
{
	struct pipeline pipeline = { 0 };
	struct error err = { 0 };
	const json_t *document;

	CHECK_INT(parse("{\"name\":\"web\"," TARGET ",\"window\":{\"before_s\":60}}", &pipeline,
			&err),
		  0);
	document = pipeline.document;
	CHECK_INT(json_get_int(document, "position", 0), 100);
	CHECK_TEXT(json_get_text(document, "engine", ""), "builtin");
	CHECK_INT(json_get_int(json_object_get(document, "window"), "before_s", 0), 60);
	CHECK(!json_object_get(json_object_get(document, "window"), "after_s"));
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(document, "destinations"), 0)),
		   "*");
	pipeline_finish(&pipeline);
}

TEST(an_error_names_the_member)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "{\"name\":\"web\"}", "target" },
		{ "{\"name\":\"We b\"," TARGET "}", "/name: 'We b'" },
		{ "{\"name\":\"web\",\"target\":{}}", "/target: names no agent" },
		{ "{\"name\":\"web\"," TARGET ",\"matchers\":[\"a=b\",\"a\"]}",
		  "/matchers/1: 'a'" },
		{ "{\"name\":\"web\"," TARGET ",\"matchers\":[\"a=~(\"]}",
		  "/matchers/0: the pattern" },
		{ "{\"name\":\"web\",\"target\":{\"hosts\":[\"{instance}\"]}}",
		  "/target/hosts/0:" },
		{ "{\"name\":\"web\",\"target\":{\"labels\":{\"env\":\"{x}\"}}}",
		  "/target/labels/env:" },
		{ "{\"name\":\"web\"," TARGET ",\"window\":{\"before_s\":-1}}",
		  "/window/before_s" },
		{ "{\"name\":\"web\"," TARGET ",\"colour\":1}", "colour" },
		{ "{\"name\":\"web\"," TARGET ",\"budget\":{\"time_s\":0}}", "/budget/time_s" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pipeline pipeline = { 0 };
		struct error err = { 0 };

		CHECK_INT(parse(rows[i].text, &pipeline, &err), -EINVAL);
		CHECK(strstr(err.text, rows[i].words));
	}
}

TEST(every_condition_must_hold)
{
	static const struct {
		const char *members, *why; /* NULL: it takes the alert */
	} rows[] = {
		{ "", NULL },
		{ ",\"matchers\":[\"env=prod\",\"alertname=~Nginx.*\"]", NULL },
		{ ",\"matchers\":[\"env=prod\",\"team=web\"]",
		  "team=web does not hold: team is ''" },
		{ ",\"severities\":[\"warning\",\"critical\"]", NULL },
		{ ",\"severities\":[\"warning\"]", "its severity is 'critical'" },
		{ ",\"integrations\":[\"prod\"]", NULL },
		{ ",\"integrations\":[\"i_1\"]", NULL },
		{ ",\"integrations\":[\"alertmanager\"]", NULL },
		{ ",\"integrations\":[\"grafana\"]", "the integration 'prod'" },
		{ ",\"enabled\":false", "it is disabled" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[1024], why[ERROR_TEXT_BYTES] = "";

		text_format(text, sizeof(text), "{\"name\":\"web\"," TARGET "%s}", rows[i].members);
		CHECK(takes(text, ALERT, why) == !rows[i].why);
		CHECK(!rows[i].why || strstr(why, rows[i].why));
	}
}

TEST(the_default_pipeline_takes_every_alert)
{
	struct pipeline pipeline = { 0 };
	CLEANUP(json) json_t *document = pipeline_default();
	CLEANUP(json) json_t *schema = json_loads(PIPELINE_SCHEMA, 0, NULL);
	CLEANUP(json) json_t *alert = json_object();
	struct error err = { 0 };
	char why[ERROR_TEXT_BYTES];

	CHECK_INT(schema_check(schema, document, &err), 0);
	CHECK_INT(pipeline_parse(document, &pipeline, &err), 0);
	CHECK(pipeline_takes(&pipeline, alert, why));
	pipeline_finish(&pipeline);
}
