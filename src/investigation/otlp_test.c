#include "investigation/otlp.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static const char finished[] =
	"{\"question\":\"why?\",\"host\":\"web-1\",\"thread\":\"t-1\","
	"\"report\":{\"verdict\":\"cause-found\",\"cause_id\":\"disk.full\",\"host\":\"web-1\","
	"\"confidence\":0.97,\"elapsed_ms\":1500,\"root_cause\":\"/var is full\"},"
	"\"evidence\":["
	"{\"id\":\"e1\",\"tool\":\"get_load\",\"args\":{\"x\":\"secret\"},\"elapsed_ms\":200,"
	"\"time\":\"2026-11-29T01:00:00.300Z\",\"bytes\":\"{}\"},"
	"{\"id\":\"e2\",\"tool\":\"read_file\",\"args\":{},\"elapsed_ms\":250.5,"
	"\"time\":\"2026-11-29T01:00:00.400Z\",\"agent\":\"log-analyst\","
	"\"error\":{\"code\":-13,\"text\":\"not permitted\"}}],"
	"\"chats\":[{\"model\":\"m\",\"provider\":\"anthropic\",\"elapsed_ms\":900,"
	"\"time\":\"2026-11-29T01:00:01.400Z\",\"input_tokens\":1200,\"cached_tokens\":1000,"
	"\"output_tokens\":80,\"cost_usd\":0.004,\"finish\":\"tool_use\"}],"
	"\"agents\":[{\"name\":\"log-analyst\",\"elapsed_ms\":400,"
	"\"time\":\"2026-11-29T01:00:00.500Z\"}],"
	"\"events\":[{\"type\":\"thought\",\"data\":{\"text\":\"disk.full leads\"},"
	"\"timestamp\":\"2026-11-29T01:00:00.450Z\"}]}";

static json_t *document(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	CHECK_OK(err.code, err);
	return json;
}

static json_t *trace_of(const char *text, enum otlp_content content)
{
	CLEANUP(json) json_t *bundle = document(text);
	struct error err = { 0 };
	json_t *trace = otlp_trace(bundle, content, &err);

	CHECK_OK(err.code, err);
	return trace;
}

static const json_t *spans_of(const json_t *trace)
{
	const json_t *resource = json_array_get(json_object_get(trace, "resourceSpans"), 0);
	const json_t *scope = json_array_get(json_object_get(resource, "scopeSpans"), 0);

	return json_object_get(scope, "spans");
}

static const json_t *span_named(const json_t *trace, const char *name)
{
	const json_t *span;
	size_t i;

	json_array_foreach(spans_of(trace), i, span)
	{
		if (strcmp(json_get_text(span, "name", ""), name) == 0)
			return span;
	}
	FAIL("no span '%s'", name);
}

static const json_t *attribute(const json_t *span, const char *key)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(span, "attributes"), i, item)
	{
		if (strcmp(json_get_text(item, "key", ""), key) == 0)
			return json_object_get(item, "value");
	}
	return NULL;
}

TEST(an_investigation_is_a_trace_of_agents_tools_and_chats)
{
	CLEANUP(json) json_t *trace = trace_of(finished, OTLP_WITHOUT_CONTENT);
	const json_t *root = json_array_get(spans_of(trace), 0);
	const json_t *chat = span_named(trace, "chat m");

	CHECK_INT(json_array_size(spans_of(trace)), 5);
	CHECK_TEXT(json_get_text(root, "name", ""), "invoke_agent investigator");
	CHECK(!json_object_get(root, "parentSpanId"));
	CHECK_TEXT(json_get_text(attribute(root, "constable.cause_id"), "stringValue", ""),
		   "disk.full");
	CHECK_TEXT(json_get_text(attribute(root, "gen_ai.conversation.id"), "stringValue", ""),
		   "t-1");
	CHECK_INT(json_get_int(chat, "kind", 0), 3);
	CHECK_TEXT(json_get_text(attribute(chat, "gen_ai.usage.input_tokens"), "intValue", ""),
		   "1200");
	CHECK(json_get_number(attribute(chat, "constable.cost_usd"), "doubleValue", 0) == 0.004);
	CHECK_INT(json_array_size(json_object_get(root, "events")), 1);
}

TEST(work_of_a_subagent_is_below_it)
{
	CLEANUP(json) json_t *trace = trace_of(finished, OTLP_WITHOUT_CONTENT);
	const json_t *agent = span_named(trace, "invoke_agent log-analyst");
	const json_t *tool = span_named(trace, "execute_tool read_file");

	CHECK_TEXT(json_get_text(tool, "parentSpanId", ""), json_get_text(agent, "spanId", "?"));
	CHECK_TEXT(json_get_text(agent, "parentSpanId", ""),
		   json_get_text(json_array_get(spans_of(trace), 0), "spanId", "?"));
	CHECK_INT(json_get_int(json_object_get(tool, "status"), "code", 0), 2);
	CHECK_TEXT(json_get_text(attribute(tool, "error.type"), "stringValue", ""), "-13");
}

TEST(times_are_those_of_the_work_and_the_root_spans_all)
{
	CLEANUP(json) json_t *trace = trace_of(finished, OTLP_WITHOUT_CONTENT);
	const json_t *root = json_array_get(spans_of(trace), 0);
	const json_t *tool = span_named(trace, "execute_tool get_load");

	CHECK_TEXT(json_get_text(tool, "startTimeUnixNano", ""), "1795914000100000000");
	CHECK_TEXT(json_get_text(tool, "endTimeUnixNano", ""), "1795914000300000000");
	CHECK_TEXT(json_get_text(root, "startTimeUnixNano", ""), "1795914000100000000");
	CHECK_TEXT(json_get_text(root, "endTimeUnixNano", ""), "1795914001600000000");
}

TEST(content_is_left_out_unless_asked_for)
{
	CLEANUP(json) json_t *without = trace_of(finished, OTLP_WITHOUT_CONTENT);
	CLEANUP(json) json_t *with = trace_of(finished, OTLP_WITH_CONTENT);
	CLEANUP(text) char *text = json_canonical(without);

	CHECK(!strstr(text, "secret") && !strstr(text, "why?") && !strstr(text, "/var is full"));
	CHECK_TEXT(json_get_text(attribute(span_named(with, "execute_tool get_load"),
					   "gen_ai.tool.call.arguments"),
				 "stringValue", ""),
		   "{\"x\":\"secret\"}");
}

TEST(the_same_case_is_the_same_trace)
{
	CLEANUP(json) json_t *one = trace_of(finished, OTLP_WITHOUT_CONTENT);
	CLEANUP(json) json_t *other = trace_of(finished, OTLP_WITHOUT_CONTENT);

	CHECK(json_equal(one, other));
}

TEST(who_asked_with_a_trace_gets_it_continued)
{
	CLEANUP(json)
	json_t *trace =
		trace_of("{\"evidence\":[{\"tool\":\"a\",\"time\":\"2026-11-29T01:00:00Z\"}],"
			 "\"trace\":{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
			 "\"span_id\":\"b7ad6b7169203331\"}}",
			 OTLP_WITHOUT_CONTENT);
	const json_t *root = json_array_get(spans_of(trace), 0);

	CHECK_TEXT(json_get_text(root, "traceId", ""), "0af7651916cd43dd8448eb211c80319c");
	CHECK_TEXT(json_get_text(root, "parentSpanId", ""), "b7ad6b7169203331");
}

TEST(a_case_without_times_is_no_trace)
{
	static const char *const wrong[] = { "{}", "{\"evidence\":[{\"tool\":\"a\"}]}",
					     "{\"evidence\":[{\"time\":\"soon\"}]}", "[]" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *bundle = document(wrong[i]);
		struct error err = { 0 };

		CHECK(!otlp_trace(bundle, OTLP_WITH_CONTENT, &err));
		CHECK_INT(err.code, -EINVAL);
	}
}
