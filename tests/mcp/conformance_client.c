/*
 * What the referees of MCP let a client do (npm, @modelcontextprotocol/conformance), by the client
 * that the product has: usage: mcp_conformance_client URL, with MCP_CONFORMANCE_SCENARIO,
 * _CONTEXT and _PROTOCOL_VERSION in the environment. It lists the tools, and calls each of them, or
 * those that the context names.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_play.h"

static json_t *ask(struct client_play *play, const char *method, json_t *params, json_t *schema)
{
	CLEANUP(json)
	json_t *order = json_pack("{s:s, s:o*, s:O*}", "method", method, "params", params, "schema",
				  schema);
	json_t *said = client_play_order(play, order);

	if (json_object_get(said, "error"))
		(void)fprintf(stderr, "%s: %s\n", method, json_get_text(said, "error", ""));
	return said;
}

/* Something of each type that is required. */
static json_t *make_arguments(const json_t *schema)
{
	json_t *args = json_object();
	const json_t *key;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, key)
	{
		const json_t *property = json_object_get(json_object_get(schema, "properties"),
							 json_string_value(key));
		const char *type = json_get_text(property, "type", "string");

		json_put(args, json_string_value(key),
			 strcmp(type, "number") == 0 || strcmp(type, "integer") == 0
				 ? json_integer(2 + (json_int_t)i)
			 : strcmp(type, "boolean") == 0 ? json_true()
			 : strcmp(type, "object") == 0  ? json_object()
							: json_string("text"));
	}
	return args;
}

static void call(struct client_play *play, const json_t *tool, json_t *args)
{
	json_decref(ask(
		play, "tools/call",
		json_pack("{s:O, s:O}", "name", json_object_get(tool, "name"), "arguments", args),
		json_object_get(tool, "schema")));
}

static const json_t *find(const json_t *tools, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool) if (strcmp(json_get_text(tool, "name", ""), name) ==
					       0) return tool;
	return NULL;
}

/* What a server hands over is handed back as it came. */
static void echo(struct client_play *play, const json_t *tools)
{
	const json_t *tool = find(tools, "json_schema_echo");
	CLEANUP(json)
	json_t *args =
		json_pack("{s:O*}", "schema",
			  json_object_get(find(tools, "json_schema_2020_12_tool"), "schema"));

	if (tool)
		call(play, tool, args);
}

static void call_all(struct client_play *play, const json_t *tools)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		CLEANUP(json) json_t *args = make_arguments(json_object_get(tool, "schema"));

		if (strcmp(json_get_text(tool, "name", ""), "json_schema_echo") != 0)
			call(play, tool, args);
	}
	echo(play, tools);
}

static void call_wanted(struct client_play *play, const json_t *tools, const json_t *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach(wanted, i, one)
	{
		const json_t *tool = find(tools, json_get_text(one, "name", ""));

		if (tool)
			call(play, tool, json_object_get(one, "arguments"));
	}
}

static void read_all(struct client_play *play, const char *list, const char *name,
		     const char *method, const char *key)
{
	CLEANUP(json) json_t *said = ask(play, list, NULL, NULL);
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(said, "result"), name), i, one)
		json_decref(ask(play, method, json_pack("{s:O}", key, json_object_get(one, key)),
				NULL));
}

int main(int argc, char **argv)
{
	const char *text = getenv("MCP_CONFORMANCE_CONTEXT");
	const char *scenario = getenv("MCP_CONFORMANCE_SCENARIO");
	struct client_play play = { .version = getenv("MCP_CONFORMANCE_PROTOCOL_VERSION"),
				    .accepts = true };
	CLEANUP(json) json_t *context = json_loads(text ? text : "{}", 0, NULL);
	CLEANUP(json) json_t *listed = NULL;

	if (argc != 2)
		errx(2, "usage: mcp_conformance_client URL");
	(void)signal(SIGPIPE, SIG_IGN);
	play.url = argv[1];
	play.logs_in = true;
	play.login.self = (struct oauth_self) {
		.document = "https://conformance-test.local/client-metadata.json",
		.client_id = json_get_text(context, "client_id", NULL),
		.client_secret = json_get_text(context, "client_secret", NULL),
		.issuer = json_get_text(context, "issuer", NULL),
	};
	client_play_open(&play);
	listed = ask(&play, "list", NULL, NULL);
	if (json_object_get(context, "toolCalls"))
		call_wanted(&play, json_object_get(listed, "tools"),
			    json_object_get(context, "toolCalls"));
	else
		call_all(&play, json_object_get(listed, "tools"));
	if (scenario && strcmp(scenario, "http-standard-headers") == 0) {
		read_all(&play, "resources/list", "resources", "resources/read", "uri");
		read_all(&play, "prompts/list", "prompts", "prompts/get", "name");
	}
	json_decref(ask(&play, "end", NULL, NULL));
	client_play_close(&play);
	return json_object_get(listed, "error") ? 1 : 0;
}
