/*
 * One row of the API: who may ask for what, what comes in and what goes out.
 *
 * The rows lie beside their handlers, one const table per noun; server/routes.c lists the
 * tables. From them come the router, the checks of requests, the OpenAPI document and
 * `constable-server routes`, which tests take their list from. Nothing of a route is
 * written twice.
 */
#pragma once

#include "server/org/role.h"

struct exchange;

#define ROUTE_MAX_PARAMS 3

enum route_flag {
	ROUTE_LIMITED = 1 << 0, /* per address: what strangers may try, and what guesses codes */
	ROUTE_SERVER = 1 << 1,  /* only for admins of the org "default" */
	ROUTE_FORM = 1 << 2,    /* also takes a body of application/x-www-form-urlencoded */
	ROUTE_STREAM = 1 << 3,  /* answers with a stream or a WebSocket */
	ROUTE_CALLS = 1 << 4,   /* counts against the org's calls per minute */
	ROUTE_OAUTH = 1 << 6,   /* takes access tokens of the OAuth issuer as well, see oauth.h */
	ROUTE_RPC = 1 << 5,     /* what is wrong is said as JSON-RPC says it */
	ROUTE_AGENTS = 1 << 7,  /* hosts may, too, though people may */
	ROUTE_TIMED = 1 << 8,   /* what is wrong is said with its "timestamp" */
};

struct route {
	const char *method;
	const char *operation; /* what clients call it, unique and never renamed: "list_agents" */
	/* "/api/v1/agents/{agent_id}": a name takes one segment, or its start: "{customer}.sh" */
	const char *pattern;
	const char *summary;
	enum role least;
	unsigned flags;
	unsigned status;       /* of a good answer; 0: 200 */
	unsigned also;         /* of another one, some object; 0: there is none */
	size_t max_body_bytes; /* 0: 64 KiB */

	/* JSON Schemas of call/schema.h as text; NULL: there is none. */
	const char *query;
	const char *request;
	const char *response; /* NULL: no JSON */
	const char *type;     /* of an answer that is no JSON, alone or too: "text/html" */
	const char *example;  /* a request that satisfies 'request' */

	void (*handle)(struct exchange *exchange);
};

/* Words for schemas. */
#define SCHEMA_OBJECT(...) "{\"type\":\"object\",\"properties\":{" __VA_ARGS__ "}}"
#define SCHEMA_STRICT(required, ...)                           \
	"{\"type\":\"object\",\"additionalProperties\":false," \
	"\"required\":[" required "],\"properties\":{" __VA_ARGS__ "}}"
#define SCHEMA_GIVES(required, ...) \
	"{\"type\":\"object\",\"required\":[" required "],\"properties\":{" __VA_ARGS__ "}}"
#define SCHEMA_LIST(name, of)                                                      \
	"{\"type\":\"object\",\"required\":[\"" name "\"],\"properties\":{\"" name \
	"\":{\"type\":\"array\",\"items\":" of "},\"next\":" SCHEMA_NULL_TEXT "}}"
#define SCHEMA_TEXT "{\"type\":\"string\"}"
#define SCHEMA_NULL_TEXT "{\"type\":[\"string\",\"null\"]}"
#define SCHEMA_COUNT "{\"type\":\"integer\",\"minimum\":0}"
#define SCHEMA_NULL_COUNT "{\"type\":[\"integer\",\"null\"]}"
#define SCHEMA_FLAG "{\"type\":\"boolean\"}"
#define SCHEMA_MAP "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}"
#define SCHEMA_TEXTS "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define SCHEMA_NAME "{\"type\":\"string\",\"minLength\":1,\"maxLength\":128}"
#define SCHEMA_ID "{\"type\":\"string\",\"minLength\":1,\"maxLength\":64}"
#define SCHEMA_OK SCHEMA_GIVES("\"ok\"", "\"ok\":" SCHEMA_FLAG)
