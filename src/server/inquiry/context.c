/*
 * collect_context: what is looked at first around a service or an alert. Its parts become
 * evidence of their own, as if each had been asked, with hashes of ours: an agent has none for
 * a part of a plan.
 */
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "server/inquiry/ask_internal.h"
#include "server/inquiry/remedy.h"

#define MAX_PARTS 16

static json_t *args_of(const struct run *run)
{
	json_t *args = json_object();
	json_t *namespaces = json_object_get(run->request, "namespaces");
	const char *service =
		json_string_value(json_array_get(json_object_get(run->request, "services"), 0));
	uint64_t fired_ns = (uint64_t)json_get_int(run->request, "fired_at_ns", 0);
	char text[CLOCK_TEXT_BYTES];

	if (service)
		json_put(args, "service", json_string(service));
	if (fired_ns)
		json_put(args, "fired_at", json_string(clock_format(fired_ns, text)));
	if (json_array_size(namespaces))
		json_put(args, "namespaces", json_incref(namespaces));
	return args;
}

static bool is_part(const struct leg *leg, const json_t *item)
{
	return strcmp(json_get_text(item, "agent", ""), leg->agent) == 0 &&
	       !json_object_get(item, "call") && json_object_get(item, "bytes");
}

/* Of before the restart; NULL if there is none. */
static json_t *recorded_context(const struct leg *leg)
{
	json_t *parts = json_array();
	json_t *item;
	size_t i;

	json_array_foreach(leg->run->recorded, i, item) if (is_part(leg, item))
		json_push(parts, json_incref(item));
	if (json_array_size(parts))
		return parts;
	json_decref(parts);
	return NULL;
}

static void ask_context(struct leg *leg, const json_t *args)
{
	const struct ask_words words = { .tool = "collect_context" };
	struct ask *ask = ask_new(leg, &words, args);

	ask->is_context = true;
	tell_call_started(leg, 0, ask->tool, args);
	ask_send(ask, NULL);
}

void leg_ask_context(struct leg *leg)
{
	const struct run *run = leg->run;
	bool is_named = json_array_size(json_object_get(run->request, "services")) ||
			json_get_int(run->request, "fired_at_ns", 0);
	CLEANUP(json) json_t *args = NULL;

	leg->context = recorded_context(leg);
	/* What was read before a remedy is made says nothing of it. */
	if (leg->context || !is_named || run_is_remedy(run) || run_calls_fault(run) ||
	    leg->replay != LEG_FRESH || strcmp(leg_risk(leg, "collect_context"), "reads") != 0) {
		leg->is_ready = true;
		leg_begin_child(leg);
		return;
	}
	args = args_of(run);
	ask_context(leg, args);
}

static void add_part(struct leg *leg, const json_t *part, const char *time)
{
	json_t *result = json_object_get(part, "result"), *args = json_object_get(part, "args");
	uint64_t number = leg->base + json_array_size(leg->context) + 1;
	char id[16], sha256[HASH_TEXT_BYTES];
	CLEANUP(text) char *bytes = NULL;
	CLEANUP(text) char *asked = NULL;
	struct evidence_row row = {
		.number = number,
		.tool = json_get_text(part, "tool", ""),
		.sha256 = sha256,
	};

	if (!json_is_object(result) || !json_is_object(args))
		return;
	bytes = json_canonical(result);
	asked = json_canonical(args);
	hash_text(bytes, strlen(bytes), sha256);
	row.bytes = bytes;
	row.args = asked;
	text_format(id, sizeof(id), "e%llu", (unsigned long long)number);
	record_asked(leg, &row);
	record_answered(leg, &row);
	json_push(leg->context,
		  json_pack("{s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:f}", "id", id, "agent",
			    leg->agent, "tool", row.tool, "args", args, "time", time, "bytes",
			    bytes, "sha256", sha256, "elapsed_ms", 0.0));
}

/* Its investigator may still ask for it by itself. */
static void tell_missing(struct leg *leg, const json_t *part)
{
	const char *why = json_get_text(part, "error", NULL);

	if (why)
		run_think(leg->run, "%s: %.64s is missing from the first look: %s", leg->host,
			  json_get_text(part, "tool", ""), why);
}

void leg_take_context(struct leg *leg, struct str bytes)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *result = bytes.data ? json_parse(bytes.data, bytes.len, bytes.len, &err) : NULL;
	char time[CLOCK_TEXT_BYTES];
	const json_t *part;
	size_t i;

	leg->context = json_array();
	(void)clock_format(clock_wall_ns(), time);
	json_array_foreach(json_object_get(result, "calls"), i, part)
	{
		if (i == MAX_PARTS)
			break;
		tell_missing(leg, part);
		add_part(leg, part, time);
	}
	leg->is_ready = true;
	leg_begin_child(leg);
}
