#include "server/api/router.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "call/schema.h"

static json_t *parse_schema(const struct route *route, const char *text)
{
	struct error err = { 0 };
	json_t *schema;

	if (!text)
		return NULL;
	schema = json_parse(text, strlen(text), MIB, &err);
	if (!schema || schema_check_self(schema, &err) < 0) {
		log_error("schema of %s %s: %s", route->method, route->pattern, err.text);
		abort();
	}
	return schema;
}

static void add(struct router *router, const struct route *route)
{
	if (router->n == ROUTER_MAX_ROUTES)
		abort();
	router->entries[router->n++] = (struct router_entry) {
		.route = route,
		.n_fixed = strcspn(route->pattern, "{"),
		.query = parse_schema(route, route->query),
		.request = parse_schema(route, route->request),
		.response = parse_schema(route, route->response),
	};
}

struct router *router_new(const struct route *const *tables)
{
	struct router *router = calloc(1, sizeof(*router));

	if (!router)
		abort();
	for (; *tables; tables++)
		for (const struct route *route = *tables; route->method; route++)
			add(router, route);
	return router;
}

void router_free(struct router *router)
{
	if (!router)
		return;
	for (unsigned i = 0; i < router->n; i++) {
		json_decref(router->entries[i].query);
		json_decref(router->entries[i].request);
		json_decref(router->entries[i].response);
	}
	json_decref(router->document);
	free(router);
}

/*
 * One segment against one of the pattern: text, or {name} and the text after it. Adds
 * to the match what the name stands for.
 */
static bool match_segment(struct str pattern, struct str segment, struct router_match *match,
			  unsigned *n_params)
{
	const char *close = pattern.len ? memchr(pattern.data, '}', pattern.len) : NULL;
	size_t n_after;

	if (!close || pattern.data[0] != '{')
		return pattern.len == segment.len &&
		       memcmp(pattern.data, segment.data, segment.len) == 0;
	n_after = pattern.len - (size_t)(close + 1 - pattern.data);
	if (segment.len <= n_after || segment.len - n_after >= ROUTER_PARAM_BYTES ||
	    memcmp(segment.data + segment.len - n_after, close + 1, n_after) != 0)
		return false;
	segment.len -= n_after;
	str_copy(segment, match->params[(*n_params)++], ROUTER_PARAM_BYTES);
	return true;
}

static struct str next_segment(const char **at)
{
	struct str segment = { .data = ++*at };

	segment.len = strcspn(*at, "/");
	*at += segment.len;
	return segment;
}

/* How many names had to be taken, or -1 where the path is another. */
static int match_path(const char *pattern, const char *path, struct router_match *match)
{
	unsigned n_params = 0;

	while (*pattern == '/' && *path == '/') {
		struct str expected = next_segment(&pattern);
		struct str segment = next_segment(&path);

		if (!match_segment(expected, segment, match, &n_params))
			return -1;
	}
	if (path[0] == '/' && path[1] == '\0')
		path++;
	return *pattern || *path ? -1 : (int)n_params;
}

static bool has_method(const struct route *route, const char *method)
{
	return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static void add_allowed(struct router_match *match, const char *method)
{
	size_t len = strlen(match->allow);

	text_format(match->allow + len, sizeof(match->allow) - len, "%s%s", len ? ", " : "",
		    method);
}

void router_find(const struct router *router, const char *method, const char *path,
		 struct router_match *match_out)
{
	int least = ROUTE_MAX_PARAMS + 1;

	*match_out = (struct router_match) { 0 };
	for (unsigned i = 0; i < router->n; i++) {
		const struct router_entry *entry = &router->entries[i];
		struct router_match match;
		int n;

		if (strncmp(entry->route->pattern, path, entry->n_fixed) != 0)
			continue;
		match = (struct router_match) { .entry = entry };
		n = match_path(entry->route->pattern, path, &match);
		if (n < 0)
			continue;
		if (!has_method(entry->route, method)) {
			add_allowed(match_out, entry->route->method);
		} else if (n < least) {
			least = n;
			memcpy(match.allow, match_out->allow, sizeof(match.allow));
			*match_out = match;
		}
	}
}

unsigned router_params(const char *pattern, char names_out[ROUTE_MAX_PARAMS][32])
{
	unsigned n = 0;

	for (const char *at = strchr(pattern, '{'); at; at = strchr(at, '{')) {
		size_t len = strcspn(++at, "}");

		if (n == ROUTE_MAX_PARAMS)
			abort();
		text_format(names_out[n++], 32, "%.*s", (int)len, at);
	}
	return n;
}
