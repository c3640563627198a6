/* Whether a request fits: its types, and for 2026-07-28 the fields that repeat its body. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "surface/mcp/http_internal.h"

#define FIELD_MAX_BYTES (64 * KIB)
#define MAX_PARAM_DEPTH 8

void mcp_http_refuse(struct http_request *request, unsigned status, json_t *id, int code,
		     const char *sentence)
{
	CLEANUP(text) char *text = jsonrpc_format_error(id, code, sentence, NULL);

	http_reply(request, status, "application/json", text, strlen(text));
}

/* A media type in a list, whatever its parameters; "*" stands for any. */
static bool accepts(const char *list, const char *type)
{
	size_t n_main = strcspn(type, "/") + 1;

	while (list && *list) {
		size_t len;

		list += strspn(list, ", \t");
		len = strcspn(list, ",; \t");
		if ((len == strlen(type) && strncasecmp(list, type, len) == 0) ||
		    (len == 3 && strncmp(list, "*/*", 3) == 0) ||
		    (len == n_main + 1 && strncasecmp(list, type, n_main) == 0 &&
		     list[n_main] == '*'))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

/* That and no list: a page in a browser has to ask first before it sends this. */
static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t n = sizeof(json) - 1;

	return type && strncasecmp(type, json, n) == 0 && (!type[n] || strchr("; \t", type[n]));
}

unsigned mcp_http_misfit(const struct http_request *request, const char **why_out)
{
	const char *accept = http_request_field(request, "accept");
	const char *type = http_request_field(request, "content-type");
	bool posts = strcmp(request->method, "POST") == 0;

	if (posts && !is_json(type)) {
		*why_out = "send Content-Type: application/json";
		return 415;
	}
	if (!accepts(accept, "text/event-stream") ||
	    (posts && !accepts(accept, "application/json"))) {
		*why_out = posts ? "send Accept: application/json, text/event-stream"
				 : "send Accept: text/event-stream";
		return 406;
	}
	return 0;
}

/* What a field says: as it is, or "=?base64?...?=". False where that is broken. */
static bool decode_field(const char *field, struct buf *out)
{
	static const char begin[] = "=?base64?";
	size_t n_begin = sizeof(begin) - 1, len = strlen(field);

	buf_init(out, FIELD_MAX_BYTES);
	if (len < n_begin + 2 || strncasecmp(field, begin, n_begin) != 0 ||
	    strcmp(field + len - 2, "?=") != 0) {
		buf_add(out, field, len);
		return true;
	}
	return base64_decode(field + n_begin, len - n_begin - 2, out) == 0;
}

/* Numbers are the same whatever their form, texts byte for byte. */
static bool says(const char *field, const json_t *value)
{
	CLEANUP(buf) struct buf decoded = { 0 };
	const char *text;
	char *end;
	double number;

	if (!decode_field(field, &decoded))
		return false;
	text = buf_text(&decoded);
	if (json_is_string(value))
		return decoded.len == json_string_length(value) &&
		       memcmp(text, json_string_value(value), decoded.len) == 0;
	if (json_is_boolean(value))
		return strcmp(text, json_is_true(value) ? "true" : "false") == 0;
	errno = 0;
	number = strtod(text, &end);
	return *text && !*end && !errno && json_is_number(value) &&
	       number == json_number_value(value);
}

static bool param_fits(const struct http_request *request, const char *name, const json_t *value)
{
	char field[128] = "mcp-param-";
	size_t at = strlen(field);

	for (; *name && at < sizeof(field) - 1; name++)
		field[at++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
	field[at] = '\0';
	name = http_request_field(request, field);
	if (!value || json_is_null(value))
		return !name;
	return name && says(name, value);
}

/* Every argument whose schema wants it in a field as well. */
static bool params_fit(const struct http_request *request, const json_t *schema, const json_t *args,
		       unsigned depth)
{
	json_t *properties = json_object_get(schema, "properties");
	const char *name;
	const json_t *property;

	if (depth > MAX_PARAM_DEPTH)
		return true;
	json_object_foreach(properties, name, property)
	{
		const char *field = json_get_text(property, "x-mcp-header", NULL);
		const json_t *value = json_object_get(args, name);

		if (field ? !param_fits(request, field, value)
			  : !params_fit(request, property, value, depth + 1))
			return false;
	}
	return true;
}

/* The parameter that Mcp-Name repeats, or NULL. */
static const char *named_by(const char *method)
{
	static const struct {
		const char *method, *member;
	} rows[] = {
		{ "tools/call", "name" },    { "prompts/get", "name" },
		{ "resources/read", "uri" }, { "tasks/cancel", "taskId" },
		{ "tasks/get", "taskId" },   { "tasks/update", "taskId" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].method, method) == 0)
			return rows[i].member;
	return NULL;
}

const char *mcp_http_contradiction(const struct http_request *request,
				   const struct jsonrpc_message *message,
				   const struct mcp_offer *offer)
{
	const json_t *said = json_object_get(json_object_get(message->params, "_meta"),
					     MCP_META "protocolVersion");
	const char *version = http_request_field(request, "mcp-protocol-version");
	const char *method = http_request_field(request, "mcp-method");
	const char *name = http_request_field(request, "mcp-name");
	const char *member = named_by(message->method);
	const json_t *named = member ? json_object_get(message->params, member) : NULL;

	if (!version || (said && !says(version, said)))
		return "MCP-Protocol-Version is not what params._meta says";
	if (!method || strcmp(method, message->method) != 0)
		return "Mcp-Method is not the method of the body";
	if (named ? !name || !says(name, named) : member != NULL && name)
		return "Mcp-Name is not what the body names";
	if (strcmp(message->method, "tools/call") == 0 && json_is_string(named)) {
		const json_t *tool = mcp_offer_find(offer->tools, "name", json_string_value(named));

		if (!params_fit(request, json_object_get(tool, "inputSchema"),
				json_object_get(message->params, "arguments"), 0))
			return "a field Mcp-Param-* is not what the arguments say";
	}
	return NULL;
}
