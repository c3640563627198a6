/*
 * The local HTTP API, on loopback: GET /health /healthz /version for everybody,
 * /info /status /metrics /api/v1/ca-certificate for who has the token in STATE/api_token
 * (Authorization: Bearer, or X-API-Key). JSON; /metrics also as Prometheus text.
 *
 * A page in a browser cannot reach it: requests whose Host is not this listener's, and those
 * with an Origin, are refused.
 */
#pragma once

#include <event2/event.h>

#include "base/error.h"

struct agent;
struct http_server;

struct api {
	struct agent *agent;
	struct http_server *server; /* NULL: there is none */
	char address[80];           /* "127.0.0.1:8080", with the port it really has */
	uint64_t n_requests, n_refused;
};

/*
 * Listens where 'api_address' says ("off": nowhere). -EINVAL for an address that is not loopback:
 * there is no TLS here.
 */
int api_start(struct api *api, struct agent *agent, struct error *err) MUST_CHECK;
void api_stop(struct api *api);
