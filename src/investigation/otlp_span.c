#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "investigation/otlp_internal.h"

#define STATUS_ERROR 2
#define TIME_BYTES 24

static json_t *time_json(uint64_t time_ns)
{
	char text[TIME_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRIu64, time_ns);
	return json_string(text);
}

json_t *otlp_span_new(const char *trace_id, const struct otlp_span *span)
{
	json_t *json =
		json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:[]}", "traceId", trace_id, "spanId",
			  span->id, "name", json_text(span->name, strlen(span->name)), "kind",
			  (int)span->kind, "startTimeUnixNano", time_json(span->start_ns),
			  "endTimeUnixNano", time_json(span->end_ns), "attributes");

	if (span->parent)
		json_put(json, "parentSpanId", json_string(span->parent));
	return json;
}

void otlp_span_fail(json_t *span, const char *type, const char *message)
{
	otlp_put_text(span, "error.type", type);
	json_put(span, "status",
		 json_pack("{s:i, s:o}", "code", STATUS_ERROR, "message",
			   json_text(message, strnlen(message, OTLP_TEXT_MAX_BYTES))));
}

static void put(json_t *owner, const char *key, json_t *value)
{
	json_push(json_object_get(owner, "attributes"),
		  json_pack("{s:s, s:o}", "key", key, "value", value));
}

static json_t *text_value(const char *text)
{
	return json_pack("{s:o}", "stringValue",
			 json_text(text, strnlen(text, OTLP_TEXT_MAX_BYTES)));
}

void otlp_put_text(json_t *owner, const char *key, const char *value)
{
	if (value && *value)
		put(owner, key, text_value(value));
}

void otlp_put_count(json_t *owner, const char *key, int64_t value)
{
	char text[TIME_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	put(owner, key, json_pack("{s:s}", "intValue", text));
}

void otlp_put_number(json_t *owner, const char *key, double value)
{
	put(owner, key, json_pack("{s:f}", "doubleValue", value));
}

void otlp_put_list(json_t *owner, const char *key, const char *value)
{
	if (value && *value)
		put(owner, key,
		    json_pack("{s:{s:[o]}}", "arrayValue", "values", text_value(value)));
}

void otlp_put_event(json_t *span, const char *name, uint64_t time_ns, const char *text)
{
	json_t *event = json_pack("{s:o, s:o, s:[]}", "name", json_text(name, strlen(name)),
				  "timeUnixNano", time_json(time_ns), "attributes");

	otlp_put_text(event, "constable.text", text);
	if (!json_object_get(span, "events"))
		json_put(span, "events", json_array());
	json_push(json_object_get(span, "events"), event);
}
