#include "server/api/openapi.h"

#include <string.h>

static json_t *parameter(const char *name, const char *in, json_t *schema)
{
	json_t *object = json_pack("{s:s, s:s, s:o}", "name", name, "in", in, "schema", schema);

	if (strcmp(in, "path") == 0)
		json_put(object, "required", json_true());
	return object;
}

static json_t *parameters(const struct router_entry *entry)
{
	char names[ROUTE_MAX_PARAMS][32];
	unsigned n = router_params(entry->route->pattern, names);
	json_t *list = json_array();
	const char *name;
	json_t *schema;

	for (unsigned i = 0; i < n; i++)
		json_push(list, parameter(names[i], "path", json_pack("{s:s}", "type", "string")));
	json_object_foreach(json_object_get(entry->query, "properties"), name, schema)
		json_push(list, parameter(name, "query", json_incref(schema)));
	return list;
}

static json_t *media(json_t *schema, const char *example)
{
	json_t *object = json_object();

	if (schema)
		json_put(object, "schema", json_incref(schema));
	if (example)
		json_put(object, "example", json_loads(example, 0, NULL));
	return object;
}

static json_t *request_body(const struct router_entry *entry)
{
	const struct route *route = entry->route;
	json_t *types =
		json_pack("{s:o}", "application/json", media(entry->request, route->example));

	if (route->flags & ROUTE_FORM)
		json_put(types, "application/x-www-form-urlencoded",
			 json_pack("{s:O}", "schema", entry->request));
	return json_pack("{s:o}", "content", types);
}

static json_t *good_answer(const struct router_entry *entry)
{
	const struct route *route = entry->route;
	json_t *answer = json_pack("{s:s}", "description", route->summary);
	json_t *types = json_object();

	if (entry->response)
		json_put(types, "application/json", media(entry->response, NULL));
	if (route->type)
		json_put(types, route->type, media(NULL, NULL));
	if (json_object_size(types))
		json_put(answer, "content", types);
	else
		json_decref(types);
	return answer;
}

static json_t *other_answer(const struct route *route)
{
	return json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", route->summary, "content",
			 "application/json", "schema", "type", "object");
}

/* A person who looks at a page is told what is wrong on a page, too. */
static json_t *wrong_answer(const struct route *route)
{
	bool is_page = route->type && strcmp(route->type, "text/html") == 0;

	if (route->flags & ROUTE_RPC)
		return json_pack("{s:s}", "description", "What is wrong, as JSON-RPC says it");
	if (!is_page)
		return json_pack("{s:s}", "$ref", "#/components/responses/Error");
	return json_pack("{s:s, s:{s:{s:{s:s}}, s:{}}}", "description",
			 "What is wrong, in a sentence", "content", "application/json", "schema",
			 "$ref", "#/components/schemas/Error", route->type);
}

static json_t *answers(const struct router_entry *entry)
{
	unsigned status = entry->route->status ? entry->route->status : 200;
	json_t *all = json_object();
	char text[8];

	text_format(text, sizeof(text), "%u", status);
	json_put(all, text, good_answer(entry));
	json_put(all, "default", wrong_answer(entry->route));
	if (entry->route->also) {
		text_format(text, sizeof(text), "%u", entry->route->also);
		json_put(all, text, other_answer(entry->route));
	}
	return all;
}

static json_t *operation(const struct router_entry *entry)
{
	const struct route *route = entry->route;
	json_t *object =
		json_pack("{s:s*, s:s, s:s, s:o, s:o}", "operationId", route->operation, "summary",
			  route->summary, "x-constable-role", role_name(route->least), "parameters",
			  parameters(entry), "responses", answers(entry));

	if (route->flags & ROUTE_STREAM)
		json_put(object, "x-constable-stream", json_true());
	if (entry->request)
		json_put(object, "requestBody", request_body(entry));
	if (route->least == ROLE_NONE)
		json_put(object, "security", json_array());
	else if (route->least == ROLE_AGENT)
		json_put(object, "security", json_pack("[{s:[]}]", "certificate"));
	else if (route->flags & ROUTE_AGENTS)
		json_put(object, "security",
			 json_pack("[{s:[]}, {s:[]}, {s:[]}]", "bearer", "header", "certificate"));
	return object;
}

static void put_method(json_t *paths, const struct router_entry *entry)
{
	json_t *path = json_object_get(paths, entry->route->pattern);
	char method[16];
	size_t i = 0;

	if (!path) {
		path = json_object();
		json_put(paths, entry->route->pattern, path);
	}
	for (; entry->route->method[i]; i++)
		method[i] = (char)(entry->route->method[i] | 0x20);
	method[i] = '\0';
	json_put(path, method, operation(entry));
}

static json_t *components(void)
{
	json_t *error = json_pack("{s:s, s:[s, s], s:{s:{s:s}, s:{s:s}}}", "type", "object",
				  "required", "error", "code", "properties", "error", "type",
				  "string", "code", "type", "string");
	json_t *schemes =
		json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:{s:s}}", "bearer", "type", "http",
			  "scheme", "bearer", "header", "type", "apiKey", "in", "header", "name",
			  "X-API-Key", "certificate", "type", "mutualTLS");

	return json_pack("{s:{s:o}, s:{s:{s:s, s:{s:{s:{s:s}}}}}, s:o}", "schemas", "Error", error,
			 "responses", "Error", "description", "What is wrong, in a sentence",
			 "content", "application/json", "schema", "$ref",
			 "#/components/schemas/Error", "securitySchemes", schemes);
}

json_t *openapi_make(const struct router *router, const char *version, const char *url)
{
	json_t *paths = json_object();

	for (unsigned i = 0; i < router->n; i++)
		put_method(paths, &router->entries[i]);
	return json_pack("{s:s, s:{s:s, s:s}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:o}", "openapi",
			 "3.1.0", "info", "title", "Constable", "version", version, "servers",
			 "url", url, "security", "bearer", "header", "paths", paths, "components",
			 components());
}

json_t *openapi_list(const struct router *router)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < router->n; i++) {
		const struct route *route = router->entries[i].route;
		json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:i}", "method",
					route->method, "pattern", route->pattern, "role",
					role_name(route->least), "summary", route->summary,
					"server_wide", (route->flags & ROUTE_SERVER) != 0, "agents",
					(route->flags & ROUTE_AGENTS) != 0, "stream",
					(route->flags & ROUTE_STREAM) != 0, "status",
					route->status ? (int)route->status : 200);

		if (route->example)
			json_put(row, "example", json_loads(route->example, 0, NULL));
		json_push(list, row);
	}
	return list;
}
