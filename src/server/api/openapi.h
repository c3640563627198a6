/* The routes as an OpenAPI 3.1 document, and as a plain list for tests. */
#pragma once

#include "server/api/router.h"

/* New references, never NULL. */
json_t *openapi_make(const struct router *router, const char *version, const char *url);

/* [{"method", "pattern", "role", "summary", "server_wide", "agents", "stream", "status",
 * "example"?}] */
json_t *openapi_list(const struct router *router);
