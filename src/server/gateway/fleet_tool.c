/*
 * A tool of hosts as the gateway describes it: with arguments that say where.
 *
 * They are "host", "label" and "deadline_s"; where a tool has an argument of such a name itself,
 * it keeps it, and ours are "on_host", "on_label" and "on_deadline_s".
 */
#include <stdlib.h>
#include <string.h>

#include "server/gateway/gateway_internal.h"

#define TIMEOUT_MS 30000 /* of a tool that names none */
#define QUEUE_MS 30000   /* beside it, for its turn and its way */
#define MAX_DEADLINE_S 3600
#define N_ADDED 3
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define NAME_MAX_BYTES 64
#define SUMMARY_MAX_BYTES 500       /* of a tool that we do not know */
#define SCHEMA_MAX_BYTES (64 * KIB) /* of its arguments: a page of such tools is a page still */

static const struct {
	const char *name, *other, *schema;
} added[N_ADDED] = {
	{ "host", "on_host",
	  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":128,\"description\":"
	  "\"Where: the name or id of a host; either this or the label.\"}" },
	{ "label", "on_label",
	  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":128,\"description\":"
	  "\"Where: all hosts with this label, key=value.\"}" },
	{ "deadline_s", "on_deadline_s",
	  "{\"type\":\"integer\",\"minimum\":1,\"maximum\":3600,\"description\":"
	  "\"How long to wait for the hosts, in seconds.\"}" },
};

static const char output_schema[] =
	"{\"type\":\"object\",\"required\":[\"hosts\",\"done\",\"failed\",\"unreachable\","
	"\"waiting_approval\"],\"properties\":{\"hosts\":{\"type\":\"array\",\"items\":{"
	"\"type\":\"object\",\"required\":[\"host\",\"agent\",\"state\"],\"properties\":{"
	"\"host\":{\"type\":\"string\"},\"agent\":{\"type\":\"string\"},"
	"\"call\":{\"type\":\"string\"},\"state\":{\"enum\":[\"done\",\"failed\","
	"\"unreachable\",\"waiting_approval\"]},\"error\":{\"type\":\"string\"},\"result\":{}}}},"
	"\"done\":{\"type\":\"integer\"},\"failed\":{\"type\":\"integer\"},"
	"\"unreachable\":{\"type\":\"integer\"},\"waiting_approval\":{\"type\":\"integer\"},"
	"\"missing\":{\"type\":\"string\"}}}";

static const char meta_key[] = "constable/where";

static bool has_one_of_ours(const json_t *properties)
{
	for (size_t i = 0; i < N_ADDED; i++)
		if (json_object_get(properties, added[i].name))
			return true;
	return false;
}

/* What a host lists is its word: it is held to the form of a tool. */
static bool is_tool(const json_t *tool)
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *meta = json_object_get(tool, "_meta");
	const char *name = json_get_text(tool, "name", "");

	return *name && strlen(name) <= NAME_MAX_BYTES &&
	       strspn(name, NAME_CHARS) == strlen(name) && json_is_object(schema) &&
	       (!properties || json_is_object(properties)) && (!meta || json_is_object(meta));
}

static json_t *member_of(json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	if (!member) {
		member = json_object();
		json_put(object, name, member);
	}
	return member;
}

static bool is_short(const json_t *schema)
{
	CLEANUP(text) char *text = json_dumps(schema, JSON_COMPACT);

	return text && strlen(text) <= SCHEMA_MAX_BYTES;
}

json_t *fleet_tool_of_stranger(const json_t *tool)
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	const char *summary = json_get_text(tool, "description", "");

	if (!is_tool(tool) || !is_short(schema))
		return NULL;
	return json_pack("{s:s, s:o, s:O, s:{s:b, s:b, s:b}}", "name",
			 json_get_text(tool, "name", ""), "description",
			 json_text(summary, strnlen(summary, SUMMARY_MAX_BYTES)), "inputSchema",
			 schema, "annotations", "readOnlyHint", false, "destructiveHint", true,
			 "idempotentHint", false);
}

json_t *fleet_tool_describe(const json_t *tool)
{
	json_t *described, *schema, *properties, *meta, *names = NULL;
	bool is_other;

	if (!is_tool(tool))
		return NULL;
	described = json_deep_copy(tool);
	schema = json_object_get(described, "inputSchema");
	properties = member_of(schema, "properties");
	meta = member_of(described, "_meta");
	names = json_array();
	is_other = has_one_of_ours(properties);
	for (size_t i = 0; i < N_ADDED; i++) {
		const char *name = is_other ? added[i].other : added[i].name;

		json_put(properties, name, json_loads(added[i].schema, 0, NULL));
		json_push(names, json_string(name));
	}
	json_put(meta, meta_key, names);
	json_put(described, "outputSchema", json_loads(output_schema, 0, NULL));
	return described;
}

static const char *take_text(json_t *args, const char *name, const char **why_out)
{
	const json_t *value = json_object_get(args, name);

	if (value && (!json_is_string(value) || !json_string_length(value) ||
		      json_string_length(value) > 128))
		*why_out = "where is a text of 1 to 128 bytes";
	return json_string_value(value);
}

static int64_t default_deadline_ms(const json_t *described)
{
	int64_t timeout_ms =
		json_get_int(json_object_get(described, "_meta"), "constable/timeout_ms", 0);

	return (timeout_ms > 0 ? timeout_ms : TIMEOUT_MS) + QUEUE_MS;
}

bool fleet_tool_choose(const json_t *described, const json_t *args, struct fleet_choice *choice_out,
		       json_t **args_out, const char **why_out)
{
	const json_t *names = json_object_get(json_object_get(described, "_meta"), meta_key);
	json_t *rest = args ? json_copy((json_t *)(uintptr_t)args) : json_object();
	int64_t deadline_ms = default_deadline_ms(described);
	const json_t *deadline;
	const char *name[N_ADDED];

	for (size_t i = 0; i < N_ADDED; i++)
		name[i] = json_string_value(json_array_get(names, i));
	*why_out = NULL;
	choice_out->host = take_text(rest, name[0], why_out);
	choice_out->label = take_text(rest, name[1], why_out);
	deadline = json_object_get(rest, name[2]);
	if (deadline && json_is_integer(deadline) && json_integer_value(deadline) >= 1 &&
	    json_integer_value(deadline) <= MAX_DEADLINE_S)
		deadline_ms = json_integer_value(deadline) * 1000;
	else if (deadline)
		*why_out = "a deadline is 1 to 3600 seconds";
	choice_out->deadline_ns = (uint64_t)deadline_ms * NS_PER_MS;
	if (!*why_out && !choice_out->host == !choice_out->label)
		*why_out = "say where: either a host (list_hosts names them) or a label, "
			   "key=value";
	for (size_t i = 0; i < N_ADDED; i++)
		(void)json_object_del(rest, name[i]);
	*args_out = rest;
	if (*why_out)
		json_decref(TAKE(*args_out));
	return !*why_out;
}
