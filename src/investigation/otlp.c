#include "investigation/otlp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "investigation/otlp_internal.h"

#define ROOT_AGENT "investigator"
#define NAME_BYTES 256
#define ENGINE "constable" /* who thinks where no model does */

struct trace {
	const json_t *finished;
	enum otlp_content content;
	char id[OTLP_TRACE_ID_BYTES];
	char root_id[OTLP_SPAN_ID_BYTES];
	uint64_t start_ns, end_ns; /* of everything seen so far */
	json_t *spans;
};

static bool is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len &&
	       strspn(text, "0") != len;
}

/* Ids that any two exports of the same case have in common. */
static void make_id(const struct trace *trace, const char *what, size_t number, char *id_out,
		    size_t n_digits)
{
	char text[NAME_BYTES + OTLP_TRACE_ID_BYTES], sha256[HASH_TEXT_BYTES];

	(void)snprintf(text, sizeof(text), "%s/%s/%zu", trace->id, what, number);
	(void)snprintf(id_out, n_digits + 1, "%.*s", (int)n_digits,
		       hash_text(text, strlen(text), sha256));
}

static void make_trace_id(struct trace *trace)
{
	const char *given =
		json_get_text(json_object_get(trace->finished, "trace"), "trace_id", "");
	CLEANUP(json)
	json_t *named = json_pack("{s:O?, s:O?, s:O?}", "question",
				  json_object_get(trace->finished, "question"), "investigation",
				  json_object_get(trace->finished, "investigation"), "evidence",
				  json_object_get(trace->finished, "evidence"));
	CLEANUP(text) char *text = json_canonical(named);
	char sha256[HASH_TEXT_BYTES];

	(void)snprintf(trace->id, sizeof(trace->id), "%s",
		       is_hex(given, sizeof(trace->id) - 1)
			       ? given
			       : hash_text(text, strlen(text), sha256));
	make_id(trace, "root", 0, trace->root_id, sizeof(trace->root_id) - 1);
}

static void cover(struct trace *trace, uint64_t start_ns, uint64_t end_ns)
{
	if (!trace->start_ns || start_ns < trace->start_ns)
		trace->start_ns = start_ns;
	if (end_ns > trace->end_ns)
		trace->end_ns = end_ns;
}

/* The times of a piece of work; false if it has none. */
static bool find_times(struct trace *trace, const json_t *work, struct otlp_span *span)
{
	double elapsed_ms = json_get_number(work, "elapsed_ms", 0);
	uint64_t elapsed_ns;

	if (!clock_parse(json_get_text(work, "time", ""), &span->end_ns))
		return false;
	elapsed_ns = elapsed_ms > 0 && elapsed_ms < 1e9 ? (uint64_t)(elapsed_ms * 1e6) : 0;
	span->start_ns = elapsed_ns < span->end_ns ? span->end_ns - elapsed_ns : span->end_ns;
	cover(trace, span->start_ns, span->end_ns);
	return true;
}

/* Below which agent; the first agent of that name, else the root. */
static void find_parent(const struct trace *trace, const json_t *work, char *id_out)
{
	const char *name = json_get_text(work, "agent", ROOT_AGENT);
	const json_t *agent;
	size_t i;

	json_array_foreach(json_object_get(trace->finished, "agents"), i, agent)
	{
		if (strcmp(json_get_text(agent, "name", ""), name) == 0) {
			make_id(trace, "agent", i, id_out, OTLP_SPAN_ID_BYTES - 1);
			return;
		}
	}
	(void)snprintf(id_out, OTLP_SPAN_ID_BYTES, "%s", trace->root_id);
}

/* A span of one piece of work, in the list; NULL if it has no time or there are too many. */
static json_t *add_work(struct trace *trace, const json_t *work, const char *what, size_t number,
			struct otlp_span span)
{
	char id[OTLP_SPAN_ID_BYTES], parent[OTLP_SPAN_ID_BYTES];
	json_t *json;

	if (json_array_size(trace->spans) >= OTLP_MAX_SPANS || !find_times(trace, work, &span))
		return NULL;
	make_id(trace, what, number, id, sizeof(id) - 1);
	find_parent(trace, work, parent);
	span.id = id;
	span.parent = strcmp(what, "agent") == 0 ? trace->root_id : parent;
	json = otlp_span_new(trace->id, &span);
	json_push(trace->spans, json);
	return json;
}

static void put_content(json_t *span, const json_t *evidence)
{
	const json_t *given = json_object_get(evidence, "args");
	CLEANUP(text) char *args = given ? json_canonical(given) : NULL;

	otlp_put_text(span, "gen_ai.tool.call.arguments", args);
	otlp_put_text(span, "gen_ai.tool.call.result", json_get_text(evidence, "bytes", NULL));
}

static void add_tool(struct trace *trace, const json_t *evidence, size_t number)
{
	const json_t *failure = json_object_get(evidence, "error");
	const char *tool = json_get_text(evidence, "tool", "?");
	struct otlp_span shape = { .kind = OTLP_INTERNAL };
	char name[NAME_BYTES], code[24];
	json_t *span;

	(void)snprintf(name, sizeof(name), "execute_tool %.200s", tool);
	shape.name = name;
	span = add_work(trace, evidence, "tool", number, shape);
	if (!span)
		return;
	otlp_put_text(span, "gen_ai.operation.name", "execute_tool");
	otlp_put_text(span, "gen_ai.tool.name", tool);
	otlp_put_text(span, "gen_ai.tool.type", "function");
	otlp_put_text(span, "gen_ai.tool.call.id", json_get_text(evidence, "id", NULL));
	otlp_put_text(
		span, "host.name",
		json_get_text(evidence, "host", json_get_text(trace->finished, "host", NULL)));
	if (trace->content == OTLP_WITH_CONTENT)
		put_content(span, evidence);
	(void)snprintf(code, sizeof(code), "%d", (int)json_get_int(failure, "code", 0));
	if (failure)
		otlp_span_fail(span, code, json_get_text(failure, "text", "it failed"));
}

static void put_usage(json_t *span, const json_t *chat)
{
	static const char *const counts[][2] = {
		{ "input_tokens", "gen_ai.usage.input_tokens" },
		{ "cached_tokens", "gen_ai.usage.cache_read.input_tokens" },
		{ "written_tokens", "gen_ai.usage.cache_write.input_tokens" },
		{ "output_tokens", "gen_ai.usage.output_tokens" },
	};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (json_is_number(json_object_get(chat, counts[i][0])))
			otlp_put_count(span, counts[i][1],
				       (int64_t)json_get_number(chat, counts[i][0], 0));
	if (json_is_number(json_object_get(chat, "cost_usd")))
		otlp_put_number(span, "constable.cost_usd", json_get_number(chat, "cost_usd", 0));
}

static void add_chat(struct trace *trace, const json_t *chat, size_t number)
{
	const char *model = json_get_text(chat, "model", "?");
	const char *failure = json_get_text(chat, "error", NULL);
	struct otlp_span shape = { .kind = OTLP_CLIENT };
	char name[NAME_BYTES];
	json_t *span;

	(void)snprintf(name, sizeof(name), "chat %.200s", model);
	shape.name = name;
	span = add_work(trace, chat, "chat", number, shape);
	if (!span)
		return;
	otlp_put_text(span, "gen_ai.operation.name", "chat");
	otlp_put_text(span, "gen_ai.provider.name", json_get_text(chat, "provider", NULL));
	otlp_put_text(span, "gen_ai.request.model", model);
	otlp_put_text(span, "gen_ai.response.model", json_get_text(chat, "response_model", NULL));
	otlp_put_list(span, "gen_ai.response.finish_reasons", json_get_text(chat, "finish", NULL));
	put_usage(span, chat);
	if (failure)
		otlp_span_fail(span, "model_error", failure);
}

static void put_agent(const struct trace *trace, json_t *span, const char *name)
{
	otlp_put_text(span, "gen_ai.operation.name", "invoke_agent");
	otlp_put_text(span, "gen_ai.agent.name", name);
	otlp_put_text(span, "gen_ai.conversation.id",
		      json_get_text(trace->finished, "thread", NULL));
}

static void add_agent(struct trace *trace, const json_t *agent, size_t number)
{
	const char *agent_name = json_get_text(agent, "name", "?");
	struct otlp_span shape = { .kind = OTLP_INTERNAL };
	char name[NAME_BYTES];
	json_t *span;

	(void)snprintf(name, sizeof(name), "invoke_agent %.200s", agent_name);
	shape.name = name;
	span = add_work(trace, agent, "agent", number, shape);
	if (span)
		put_agent(trace, span, agent_name);
}

static double sum_of(const json_t *chats, const char *key)
{
	const json_t *chat;
	double sum = 0;
	size_t i;

	json_array_foreach(chats, i, chat) sum += json_get_number(chat, key, 0);
	return sum;
}

/* Who thought, what was decided, and what all of it took. */
static void put_verdict(const struct trace *trace, json_t *span)
{
	const json_t *report = json_object_get(trace->finished, "report");
	const json_t *chats = json_object_get(trace->finished, "chats");
	const json_t *last = json_array_get(chats, json_array_size(chats) - 1);
	CLEANUP(json)
	json_t *usage = json_pack("{s:f, s:f, s:f}", "input_tokens", sum_of(chats, "input_tokens"),
				  "output_tokens", sum_of(chats, "output_tokens"), "cost_usd",
				  sum_of(chats, "cost_usd"));

	otlp_put_text(span, "gen_ai.provider.name", json_get_text(last, "provider", ENGINE));
	otlp_put_text(span, "gen_ai.request.model", json_get_text(last, "model", NULL));
	otlp_put_text(span, "constable.verdict", json_get_text(report, "verdict", NULL));
	otlp_put_text(span, "constable.cause_id", json_get_text(report, "cause_id", NULL));
	otlp_put_text(span, "constable.investigation.id",
		      json_get_text(trace->finished, "investigation", NULL));
	otlp_put_text(span, "host.name", json_get_text(report, "host", NULL));
	otlp_put_number(span, "constable.confidence", json_get_number(report, "confidence", 0));
	if (json_array_size(chats))
		put_usage(span, usage);
	if (trace->content == OTLP_WITH_CONTENT) {
		otlp_put_text(span, "constable.question",
			      json_get_text(trace->finished, "question", NULL));
		otlp_put_text(span, "constable.root_cause",
			      json_get_text(report, "root_cause", NULL));
	}
}

static void put_events(const struct trace *trace, json_t *span)
{
	const json_t *events = json_object_get(trace->finished, "events");
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		const json_t *data = json_object_get(event, "data");
		const char *text = json_is_string(data) ? json_string_value(data)
							: json_get_text(data, "text", NULL);
		uint64_t time_ns;

		if (i < OTLP_MAX_EVENTS &&
		    clock_parse(json_get_text(event, "timestamp", ""), &time_ns))
			otlp_put_event(span, json_get_text(event, "type", "event"), time_ns, text);
	}
}

static void cover_events(struct trace *trace)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(trace->finished, "events"), i, event)
	{
		uint64_t time_ns;

		if (clock_parse(json_get_text(event, "timestamp", ""), &time_ns))
			cover(trace, time_ns, time_ns);
	}
}

/* First in the list, but made last: it lasts as long as all of them. */
static void add_root(struct trace *trace)
{
	const char *parent =
		json_get_text(json_object_get(trace->finished, "trace"), "span_id", "");
	const json_t *report = json_object_get(trace->finished, "report");
	const char *failure = json_get_text(trace->finished, "error", NULL);
	uint64_t elapsed_ns = (uint64_t)json_get_int(report, "elapsed_ms", 0) * NS_PER_MS;
	struct otlp_span shape = {
		.name = "invoke_agent " ROOT_AGENT,
		.id = trace->root_id,
		.parent = is_hex(parent, OTLP_SPAN_ID_BYTES - 1) ? parent : NULL,
		.kind = OTLP_INTERNAL,
		.start_ns = trace->start_ns,
		.end_ns = trace->end_ns,
	};
	json_t *span;

	if (elapsed_ns > shape.end_ns - shape.start_ns)
		shape.end_ns = shape.start_ns + elapsed_ns;
	span = otlp_span_new(trace->id, &shape);
	put_agent(trace, span, ROOT_AGENT);
	put_verdict(trace, span);
	put_events(trace, span);
	if (failure)
		otlp_span_fail(span, "investigation_error", failure);
	(void)json_array_insert_new(trace->spans, 0, span);
}

static json_t *wrap(json_t *spans)
{
	json_t *resource = json_pack("{s:[]}", "attributes");

	otlp_put_text(resource, "service.name", "constable");
	otlp_put_text(resource, "service.namespace", "constable");
	return json_pack("{s:[{s:o, s:[{s:{s:s}, s:o}]}]}", "resourceSpans", "resource", resource,
			 "scopeSpans", "scope", "name", "constable.investigation", "spans", spans);
}

json_t *otlp_trace(const json_t *finished, enum otlp_content content, struct error *err)
{
	struct trace trace = { .finished = finished, .content = content, .spans = json_array() };
	const json_t *work;
	size_t i;

	make_trace_id(&trace);
	json_array_foreach(json_object_get(finished, "agents"), i, work) add_agent(&trace, work, i);
	json_array_foreach(json_object_get(finished, "chats"), i, work) add_chat(&trace, work, i);
	json_array_foreach(json_object_get(finished, "evidence"), i, work)
		add_tool(&trace, work, i);
	cover_events(&trace);
	if (!trace.start_ns) {
		json_decref(trace.spans);
		error_set(err, -EINVAL, "the case does not say when anything happened");
		return NULL;
	}
	add_root(&trace);
	return wrap(trace.spans);
}
