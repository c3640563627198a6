/* Tools and resources that are operations of the API: read-only, with its answers as they are. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/jsonrpc.h"
#include "net/url.h"
#include "server/gateway/gateway_internal.h"

#define TEXT(name, description) \
	"\"" name "\":{\"type\":\"string\",\"description\":\"" description "\"}"
#define NUMBER(name, description) \
	"\"" name "\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"" description "\"}"
#define ARGUMENTS(required, properties)                                                    \
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required "]," \
	"\"properties\":{" properties "}}"

static const struct own_tool {
	const char *name, *description, *schema;
	const char *operation;
	const char *param; /* the argument that names it, or NULL */
} tools[] = {
	{ .name = "list_hosts",
	  .description = "The hosts of the fleet: names, labels, and whether they are connected.",
	  .operation = "list_agents",
	  .schema = ARGUMENTS(
		  "",
		  TEXT("label",
		       "Only with this label, key=value.") ","
							   "\"state\":{\"enum\":[\"connected\","
							   "\"disconnected\",\"stale\",\"revoked\"]"
							   "}," TEXT(
								   "after",
								   "'next' of the page "
								   "before.") "," NUMBER("limit",
											 "At most "
											 "so "
											 "many"
											 ".")) },
	{ .name = "list_incidents",
	  .description = "The incidents, newest first, with what is wrong and since when.",
	  .operation = "list_incidents",
	  .schema = ARGUMENTS(
		  "",
		  "\"state\":{\"enum\":[\"open\",\"resolved\",\"merged\",\"all\"]}," NUMBER(
			  "before", "'next' of the page before.") "," NUMBER("limit",
									     "At most so many.")) },
	{ .name = "get_incident",
	  .description = "One incident with its alerts, its timeline and what it affects.",
	  .operation = "get_incident",
	  .param = "incident",
	  .schema = ARGUMENTS("\"incident\"", TEXT("incident", "Its id or number.")) },
	{ .name = "list_investigations",
	  .description = "The investigations, newest first, with their verdicts.",
	  .operation = "list_investigations",
	  .schema = ARGUMENTS(
		  "",
		  "\"state\":{\"enum\":[\"queued\",\"running\",\"done\",\"failed\","
		  "\"interrupted\"]}," TEXT("incident", "Only of this incident.") "," TEXT(
			  "before", "'next' of the page before.") "," NUMBER("limit",
									     "At most so many.")) },
	{ .name = "get_report",
	  .description = "One investigation with its report: the cause, the proof, the remedies.",
	  .operation = "get_investigation",
	  .param = "investigation",
	  .schema = ARGUMENTS("\"investigation\"", TEXT("investigation", "Its id.")) },
	{ .name = "get_call",
	  .description =
		  "How a call of a tool stands: for one that waited for an approval, or whose "
		  "host went away.",
	  .operation = "get_call",
	  .param = "call",
	  .schema = ARGUMENTS("\"call\"", TEXT("call", "Its id.") "," NUMBER(
						  "wait_ms", "How long to wait for its end.")) },
};

static const struct own_resource {
	const char *uri;  /* of a template: what its uris begin with */
	const char *rest; /* of a template, else NULL */
	const char *name, *description, *operation;
} resources[] = {
	{ "constable://hosts", NULL, "hosts", "The hosts of the fleet.", "list_agents" },
	{ "constable://incidents", NULL, "incidents", "The incidents, newest first.",
	  "list_incidents" },
	{ "constable://investigations", NULL, "investigations", "The investigations, newest first.",
	  "list_investigations" },
	{ "constable://incidents/", "{incident}", "incident", "One incident with its timeline.",
	  "get_incident" },
	{ "constable://reports/", "{investigation}", "report", "One investigation with its report.",
	  "get_investigation" },
};

static const json_t *answer_schema(const struct api *api, const char *operation)
{
	const struct router *router = api->router;

	for (unsigned i = 0; i < router->n; i++)
		if (strcmp(router->entries[i].route->operation, operation) == 0)
			return router->entries[i].response;
	return NULL;
}

void own_tool_list(json_t *list, const struct api *api)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		json_push(list, json_pack("{s:s, s:s, s:o, s:O, s:{s:b, s:b, s:b, s:b}}", "name",
					  tools[i].name, "description", tools[i].description,
					  "inputSchema", json_loads(tools[i].schema, 0, NULL),
					  "outputSchema", answer_schema(api, tools[i].operation),
					  "annotations", "readOnlyHint", true, "destructiveHint",
					  false, "idempotentHint", true, "openWorldHint", false));
	json_push(list, ask_tool_describe(api));
}

static size_t find(const char *name)
{
	size_t at = 0;

	while (at < ARRAY_LEN(tools) && strcmp(tools[at].name, name) != 0)
		at++;
	return at;
}

bool own_tool_is(const char *name)
{
	return find(name) < ARRAY_LEN(tools) || strcmp(name, "ask") == 0;
}

struct own_errand {
	struct gateway_errand errand;
	struct within *within;
};

static void cancel(struct gateway_errand *errand)
{
	struct own_errand *own = container_of(errand, struct own_errand, errand);

	within_drop(own->within);
	free(own);
}

static void give_resource(struct mcp_call *call, const json_t *body)
{
	CLEANUP(text) char *text = json_canonical(body);

	mcp_call_answer(call, json_pack("{s:[{s:s, s:s, s:o}]}", "contents", "uri",
					json_get_text(mcp_call_params(call), "uri", ""), "mimeType",
					"application/json", "text", json_text(text, strlen(text))));
}

static void handle_answer(unsigned status, const json_t *body, void *data)
{
	struct own_errand *own = data;
	struct mcp_call *call = errand_end(&own->errand);
	bool is_resource = mcp_call_kind(call) == MCP_RESOURCE;

	free(own);
	if (status == 404 && is_resource)
		mcp_call_refuse_uri(call);
	else if (status >= 300)
		errand_fail(call, json_get_text(body, "error", "it failed"));
	else if (is_resource)
		give_resource(call, body);
	else
		errand_answer(call, json_incref((json_t *)(uintptr_t)body), ERRAND_DONE);
}

/* 'query' is taken over. */
static void ask(struct gateway_client *client, struct mcp_call *call, const char *operation,
		const char *param, json_t *query)
{
	struct own_errand *own = calloc(1, sizeof(*own));

	if (!own)
		abort();
	if (!errand_begin(&own->errand, client, call, cancel)) {
		json_decref(query);
		free(own);
		return;
	}
	own->within = within_ask(client->org->gateway->api,
				 &(struct within_question) { .caller = &client->caller,
							     .operation = operation,
							     .param = param,
							     .query = query },
				 handle_answer, own);
}

bool own_tool_start(struct gateway_client *client, struct mcp_call *call, const char *name)
{
	const json_t *args = mcp_call_arguments(call), *param = NULL;
	size_t at = find(name);
	json_t *query;

	if (at == ARRAY_LEN(tools))
		return false;
	if (tools[at].param) {
		param = json_object_get(args, tools[at].param);
		if (!json_is_string(param) || !json_string_length(param) ||
		    json_string_length(param) >= ROUTER_PARAM_BYTES) {
			char sentence[128];

			text_format(sentence, sizeof(sentence), "name the %s by its id",
				    tools[at].param);
			errand_fail(call, sentence);
			return true;
		}
	}
	query = args ? json_copy((json_t *)(uintptr_t)args) : json_object();
	if (param)
		(void)json_object_del(query, tools[at].param);
	ask(client, call, tools[at].operation, json_string_value(param), query);
	return true;
}

static json_t *describe_resource(const struct own_resource *resource, const char *member)
{
	char uri[80];

	text_format(uri, sizeof(uri), "%s%s", resource->uri, resource->rest ? resource->rest : "");
	return json_pack("{s:s, s:s, s:s, s:s}", member, uri, "name", resource->name, "description",
			 resource->description, "mimeType", "application/json");
}

json_t *own_resources(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(resources); i++)
		if (!resources[i].rest)
			json_push(list, describe_resource(&resources[i], "uri"));
	return list;
}

json_t *own_templates(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(resources); i++)
		if (resources[i].rest)
			json_push(list, describe_resource(&resources[i], "uriTemplate"));
	return list;
}

/* It becomes text in the store, as what a path names does. */
static bool is_id(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len && len < ROUTER_PARAM_BYTES && utf8_is_valid(text, len);
}

void own_resource_start(struct gateway_client *client, struct mcp_call *call)
{
	const char *uri = json_get_text(mcp_call_params(call), "uri", "");

	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		size_t n = strlen(resources[i].uri);
		CLEANUP(text) char *id = NULL;

		if (!resources[i].rest ? strcmp(uri, resources[i].uri) != 0
				       : strncmp(uri, resources[i].uri, n) != 0)
			continue;
		id = url_decode((struct str) { uri + n, strlen(uri + n) });
		if (resources[i].rest && !is_id(id))
			break;
		ask(client, call, resources[i].operation, resources[i].rest ? id : NULL,
		    json_object());
		return;
	}
	mcp_call_refuse_uri(call);
}
