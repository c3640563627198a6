/* Finds the route of a request, with the texts that its pattern's names stand for. */
#pragma once

#include "base/json.h"
#include "server/api/route.h"

#define ROUTER_MAX_ROUTES 192
#define ROUTER_PARAM_BYTES 160

/* A route with its schemas parsed. */
struct router_entry {
	const struct route *route;
	size_t n_fixed;                     /* bytes of the pattern before its first name */
	json_t *query, *request, *response; /* NULL where there is none */
};

struct router {
	struct router_entry entries[ROUTER_MAX_ROUTES];
	unsigned n;
	json_t *document; /* the OpenAPI document, once asked for */
};

struct router_match {
	const struct router_entry *entry; /* NULL: none */
	char params[ROUTE_MAX_PARAMS][ROUTER_PARAM_BYTES];
	char allow[64]; /* with no entry: the methods that the path has, "" for none */
};

/*
 * From a table of tables; each ends with a row without method, the outer one with NULL.
 * Never NULL: the schemas are ours, and a bad one aborts.
 */
struct router *router_new(const struct route *const *tables);
void router_free(struct router *router);

/* HEAD is served as GET is; one slash at the end of the path does not count. */
void router_find(const struct router *router, const char *method, const char *path,
		 struct router_match *match_out);

/* The pattern as OpenAPI writes paths; and its names in their order, which are returned. */
unsigned router_params(const char *pattern, char names_out[ROUTE_MAX_PARAMS][32]);
