/*
 * A service that an admin wrote, and an alert from outside: what is accepted decides every alert
 * one way, and is accepted again as the store has it.
 */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "call/schema.h"
#include "server/api/route.h"
#include "server/service/impact.h"
#include "server/pipeline/service.h"

static void try_impact(const struct service *service, const json_t *alert)
{
	CLEANUP(text) char *canonical = json_canonical(service->document);
	const struct store_value values[] = { store_text(canonical) };
	const struct store_rows rows[IMPACT_STEPS] = {
		{ .n_rows = 1, .n_columns = 1, .values = values }
	};
	CLEANUP(json) json_t *alerts = json_pack("[{s:O}]", "alert", alert);
	CLEANUP(json) json_t *impact = impact_make(rows, alerts);

	assert(!service_is_meant(service, alert) ||
	       json_array_size(json_object_get(impact, "services")) == 1);
	assert(json_array_size(json_object_get(impact, "affects")) == 0);
}

/* The document, a newline, the alert. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char schema_text[] =
		SCHEMA_STRICT("\"name\"", "\"name\":" SCHEMA_NAME "," SERVICE_MEMBERS);
	CLEANUP(text) char *text = strndup((const char *)data, size);
	char *newline = strchr(text, '\n');
	CLEANUP(json) json_t *schema = json_loads(schema_text, 0, NULL);
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(json) json_t *alert = NULL;
	struct service service = { 0 };
	struct error err = { 0 };

	if (newline)
		*newline = '\0';
	document = json_parse(text, strlen(text), SERVICE_MAX_BYTES, &err);
	alert = newline ? json_parse(newline + 1, strlen(newline + 1), 64 * KIB, &err) : NULL;
	if (!document || schema_check(schema, document, &err) < 0)
		return 0;
	if (service_parse(document, &service, &err) < 0) {
		assert(err.code == -EINVAL && err.text[0] == '/');
		return 0;
	}
	if (json_is_object(alert))
		try_impact(&service, alert);
	service_finish(&service);
	return 0;
}
