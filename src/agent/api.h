/*
 * The local HTTP API, on loopback: GET /health /healthz /version for everybody, and for who is
 * recognised (agent/client.h) /info /status /metrics /programs /rollbacks /telemetry
 * /api/v1/ca-certificate: by the token in STATE/api_token or a named key (Authorization: Bearer,
 * or X-API-Key), or by the certificate of the connection. JSON; /metrics also as Prometheus text.
 * For the same /mcp (agent/mcp.h).
 *
 * With 'oauth_issuer' its access tokens open it too, and /.well-known/oauth-protected-resource
 * tells everybody so.
 *
 * With 'api_certificate' it speaks TLS; with 'api_client_ca' too each client must have a
 * certificate that those CAs vouch for, and others than this host's may connect.
 *
 * A page in a browser cannot reach it: requests whose Host is not this listener's, and those
 * with an Origin, are refused; /mcp takes origins of this host, unless others may connect.
 */
#pragma once

#include <event2/event.h>

#include "agent/client.h"
#include "agent/oauth.h"
#include "net/local_site.h"

struct agent;

struct api {
	struct agent *agent;
	struct http_server *server; /* NULL: there is none */
	struct local_site site;
	struct client_keys keys;
	struct oauth oauth;
	SSL_CTX *tls;      /* NULL: plain */
	bool is_certain;   /* each client has a certificate */
	X509 *certificate; /* our own, with 'tls' */
	uint64_t n_requests, n_refused;
};

/*
 * Listens where 'api_address' says ("off": nowhere). -EINVAL for an address that is not loopback
 * where clients need no certificate, and for settings that do not go together.
 */
int api_start(struct api *api, struct agent *agent, struct error *err) MUST_CHECK;
void api_stop(struct api *api);
