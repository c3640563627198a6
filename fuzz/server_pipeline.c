/*
 * A pipeline that an admin wrote, and an alert from outside: what is accepted decides every
 * alert one way, and what it fills from one stays within its bounds.
 */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "call/schema.h"
#include "server/pipeline/routing.h"

static void try_matcher(const char *text)
{
	struct matcher matcher = { 0 };
	struct error err = { 0 };

	if (matcher_parse(text, &matcher, &err) < 0) {
		assert(err.code == -EINVAL && err.text[0]);
		return;
	}
	assert(matcher.name[0]);
	(void)matcher_ask(&matcher, text);
	assert(matcher_ask(&matcher, "") == matcher_ask(&matcher, ""));
	matcher_finish(&matcher);
}

static void try_routing(const char *document, const json_t *alert)
{
	const struct store_value values[] = { store_text(document) };
	const struct store_value agent[] = { store_text("a_1"),           store_text("web1"),
					     store_text("web1"),          store_text("10.0.0.1"),
					     store_text("{\"a\":\"b\"}"), store_text("[]") };
	const struct store_value service[] = { store_text(
		"{\"name\":\"a\",\"criticality\":\"high\",\"hosts\":[\"web1\"]}") };
	const struct routing_rows rows = {
		.pipelines = { .n_rows = 1, .n_columns = 1, .values = values },
		.agents = { .n_rows = 1, .n_columns = 6, .values = agent },
		.services = { .n_rows = 1, .n_columns = 1, .values = service },
	};
	CLEANUP(json) json_t *routing = routing_make(&rows, alert, 1);

	assert(json_array_size(json_object_get(routing, "routes")) +
		       json_array_size(json_object_get(routing, "others")) >=
	       1);
}

/* The document, a newline, the alert. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text) char *text = strndup((const char *)data, size);
	char *newline = strchr(text, '\n');
	CLEANUP(json) json_t *schema = json_loads(PIPELINE_SCHEMA, 0, NULL);
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(json) json_t *alert = NULL;
	struct pipeline pipeline = { 0 };
	struct error err = { 0 };

	if (newline)
		*newline = '\0';
	try_matcher(text);
	document = json_parse(text, strlen(text), PIPELINE_MAX_BYTES, &err);
	alert = newline ? json_parse(newline + 1, strlen(newline + 1), 64 * KIB, &err) : NULL;
	if (!document || schema_check(schema, document, &err) < 0)
		return 0;
	if (pipeline_parse(document, &pipeline, &err) < 0) {
		assert(err.text[0] == '/');
		return 0;
	}
	pipeline_finish(&pipeline);
	if (json_is_object(alert))
		try_routing(text, alert);
	return 0;
}
