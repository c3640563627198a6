/* Which services are hit, and who depends on them (server/service/impact.h). */
#include <string.h>

#include "base/buf.h"
#include "report/outline_internal.h"

#define MAX_SERVICES 5
#define MAX_AFFECTED 12
#define MAX_AFFECTED_BYTES (8 * KIB)

static const char *text_of(const json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

/* From the report, which knows them as of its end, else from the incident. */
static const json_t *find_list(const json_t *incident, const json_t *report, const char *name)
{
	const json_t *list = json_object_get(report, name);

	return json_array_size(list) ? list : json_object_get(incident, name);
}

static void add_services(struct outline *outline, const json_t *list)
{
	const json_t *service;
	size_t i;

	json_array_foreach(list, i, service)
	{
		const char *owner = text_of(service, "owner");

		if (i >= MAX_SERVICES)
			continue;
		outline_add(outline, PIECE_FACT, "Service", "%s (%s)%s%s", text_of(service, "name"),
			    text_of(service, "criticality"), *owner ? ", owner " : "", owner);
		if (*text_of(service, "runbook"))
			outline_add(outline, PIECE_FACT, "Runbook", "%s",
				    text_of(service, "runbook"));
	}
	outline_add_left(outline, i, i < MAX_SERVICES ? i : MAX_SERVICES);
}

/*
 * The blast radius in one line, nearest first: "shop (critical, declared), web1 (host, observed,
 * through shop)".
 */
static void add_affected(struct outline *outline, const json_t *list)
{
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *service;
	size_t i;

	buf_init(&text, MAX_AFFECTED_BYTES);
	json_array_foreach(list, i, service)
	{
		bool is_direct = json_get_int(service, "depth", 1) <= 1;
		bool is_host = strcmp(text_of(service, "kind"), "host") == 0;
		const char *by = text_of(service, "by");

		if (i >= MAX_AFFECTED)
			continue;
		buf_add_format(&text, "%s%s (%s%s%s%s%s)", i ? ", " : "", text_of(service, "name"),
			       is_host ? "host" : text_of(service, "criticality"), *by ? ", " : "",
			       by, is_direct ? "" : ", through ",
			       is_direct ? "" : text_of(service, "through"));
	}
	if (i > MAX_AFFECTED)
		buf_add_format(&text, " and %zu more", i - MAX_AFFECTED);
	if (i)
		outline_add(outline, PIECE_FACT, "Affects", "%s", buf_text(&text));
}

void outline_add_impact(struct outline *outline, const json_t *incident, const json_t *report)
{
	add_services(outline, find_list(incident, report, "services"));
	add_affected(outline, find_list(incident, report, "affects"));
}
