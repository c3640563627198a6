#include "agent/api.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/api_tls.h"
#include "agent/program_documents.h"
#include "agent/status.h"
#include "base/log.h"
#include "net/http_server.h"

#define BODY_MAX_BYTES (64 * KIB)
#define METADATA "/.well-known/oauth-protected-resource"
#define MAX_CONNECTIONS 1100 /* a thousand that say nothing leave room for who does */

struct route {
	const char *path;
	enum {
		FOR_ALL,
		WITH_TOKEN
	} who;
	json_t *(*document)(const struct agent *agent); /* NULL: see special() */
	bool is_of_programs;                            /* the warden is asked first */
};

static const struct route routes[] = {
	{ "/health", FOR_ALL, status_health },
	{ "/healthz", FOR_ALL, status_healthz },
	{ "/version", FOR_ALL, status_version },
	{ "/info", WITH_TOKEN, status_info },
	{ "/status", WITH_TOKEN, status_whole, true },
	{ "/metrics", WITH_TOKEN, NULL, true },
	{ "/programs", WITH_TOKEN, program_documents_programs, true },
	{ "/rollbacks", WITH_TOKEN, program_documents_rollbacks, true },
	{ "/telemetry", WITH_TOKEN, program_documents_telemetry, true },
	{ "/api/v1/ca-certificate", WITH_TOKEN, NULL },
	{ "/mcp", WITH_TOKEN, NULL },
	{ METADATA, FOR_ALL, NULL },
	{ METADATA "/mcp", FOR_ALL, NULL },
};

static bool is_metadata(const char *path)
{
	return strncmp(path, METADATA, strlen(METADATA)) == 0;
}

static const struct route *find(const struct api *api, const char *path)
{
	if (is_metadata(path) && !oauth_is_on(&api->oauth))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

static bool is_mcp(const struct http_request *request)
{
	return strcmp(request->path, "/mcp") == 0;
}

static bool wants_prometheus(const struct http_request *request)
{
	const char *format = http_request_query(request, "format");
	const char *accept = http_request_field(request, "accept");

	if (format)
		return strcmp(format, "prometheus") == 0;
	return accept && (strncmp(accept, "text/plain", 10) == 0 ||
			  strncmp(accept, "application/openmetrics-text", 28) == 0);
}

static void send_special(const struct api *api, struct http_request *request)
{
	const struct agent *agent = api->agent;

	if (is_metadata(request->path)) {
		http_reply_json(request, 200, oauth_metadata(&api->oauth));
	} else if (strcmp(request->path, "/api/v1/ca-certificate") == 0) {
		http_reply(request, 200, "application/x-pem-file", agent->state.ca_pem,
			   strlen(agent->state.ca_pem));
	} else if (wants_prometheus(request)) {
		CLEANUP(text) char *text = status_prometheus(agent);

		http_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", text,
			   strlen(text));
	} else {
		http_reply_json(request, 200, status_metrics(agent));
	}
}

/* Who sent it; or a negative errno, and the sentence says what to do. */
static int recognise(const struct api *api, const struct http_request *request,
		     struct client *client_out, struct error *err)
{
	const char *secret = client_secret(request);
	X509 *certificate = request->peer->certificate;

	if (api->is_certain && !certificate)
		return error_set(err, -EACCES,
				 "this address wants a client certificate that its CA vouches for");
	if (secret && client_find_secret(&api->keys, api->site.token, secret, client_out))
		return 0;
	if (secret)
		return oauth_find(&api->oauth, secret, client_out, err);
	if (!certificate)
		return error_set(
			err, -EACCES,
			"send the token of the file api_token in the agent's state folder, "
			"or a key of api_keys_file");
	return client_find_certificate(certificate, client_out)
		       ? 0
		       : error_set(err, -EACCES,
				   "the certificate has no name that a policy could speak of");
}

static void refuse(struct api *api, struct http_request *request, unsigned status,
		   const char *sentence)
{
	api->n_refused++;
	http_reply_error(request, status, NULL, sentence);
}

/* Where there are access tokens it also says where to get one (RFC 9728, section 5.1). */
static void refuse_unknown(struct api *api, struct http_request *request, const char *why)
{
	const char *host = http_request_field(request, "host");
	char told[512];

	if (oauth_is_on(&api->oauth) && host && !strpbrk(host, "\"\\"))
		text_format(told, sizeof(told), "Bearer resource_metadata=\"%s://%s%s/mcp\"",
			    api->tls ? "https" : "http", host, METADATA);
	else
		text_format(told, sizeof(told), "Bearer");
	http_reply_header(request, "WWW-Authenticate", told);
	refuse(api, request, 401, why);
}

/* What a head tells against its request: then nothing of the body is read. */
static size_t handle_head(struct http_request *request, void *data)
{
	struct api *api = data;
	const struct route *route = find(api, request->path);
	struct client client;
	struct error why = { 0 };

	api->n_requests++;
	agent_was_busy(api->agent);
	if (!local_site_is_meant(&api->site, request) ||
	    (http_request_field(request, "origin") && !is_mcp(request))) {
		refuse(api, request, 403, "only programs of this host may ask, and by its address");
	} else if (!route) {
		refuse(api, request, 404, "the agent has no such page");
	} else if (!is_mcp(request) && strcmp(request->method, "GET") != 0 &&
		   strcmp(request->method, "HEAD") != 0) {
		http_reply_header(request, "Allow", "GET, HEAD");
		refuse(api, request, 405, "this page can only be read");
	} else if (route->who == WITH_TOKEN && recognise(api, request, &client, &why) < 0) {
		refuse_unknown(api, request, why.text);
	} else {
		return is_mcp(request) ? MCP_MESSAGE_MAX_BYTES : BODY_MAX_BYTES;
	}
	return 0;
}

static void serve_mcp(struct api *api, struct http_request *request)
{
	struct client client;
	struct error why = { 0 };

	/* Again, as between the two nothing is kept. */
	if (recognise(api, request, &client, &why) < 0) {
		refuse_unknown(api, request, why.text);
		return;
	}
	http_request_hold(request, client.name, client.until_ns);
	agent_mcp_serve(&api->agent->mcp, request, &client);
}

static void answer(struct agent *agent, struct http_request *request)
{
	const struct route *route = find(&agent->api, request->path);

	if (route->document)
		http_reply_json(request, 200, route->document(agent));
	else
		send_special(&agent->api, request);
}

static void handle_request(struct http_request *request, void *data)
{
	struct api *api = data;
	const struct route *route = find(api, request->path);

	if (is_mcp(request))
		serve_mcp(api, request);
	else if (route->is_of_programs)
		programs_serve(&api->agent->programs, request, answer);
	else
		answer(api->agent, request);
}

static const char *setting(const struct api *api, const char *name)
{
	return config_get(api->agent->config, name)->text;
}

/* Whom it believes, and who it is, as the settings say. */
static int prepare(struct api *api, struct error *err)
{
	const char *keys = setting(api, "api_keys_file");
	uint64_t port = config_get_count(api->agent->config, "api_port");
	int r = *keys ? client_keys_load(&api->keys, keys, err) : 0;

	if (r < 0)
		return error_wrap(err, "api_keys_file");
	r = oauth_start(&api->oauth, api->agent->config, err);
	if (r < 0)
		return r;
	api->site.token = api->agent->state.api_token.text;
	if (port < 1 || port > UINT16_MAX)
		return error_set(err, -EINVAL, "api_port is 1 to 65535");
	api->site.port = (uint16_t)port;
	return api_tls_start(api, err);
}

/* Then its address is every host's, and a token for one of them would open all. */
static bool wants_audience(const struct api *api)
{
	return oauth_is_on(&api->oauth) && !*api->oauth.audience &&
	       (strncmp(api->site.address, "0.0.0.0:", 8) == 0 ||
		strncmp(api->site.address, "[::]:", 5) == 0);
}

static int listen_at(struct api *api, const char *where, struct error *err)
{
	struct error why = { 0 };
	char place[128];
	int fd = local_site_listen(&api->site, where, &why);

	if (fd == -EINVAL)
		return error_set(err, fd, "api_address: %s", why.text);
	/* What it is for goes on without it. */
	if (fd < 0)
		log_warn("no local API: %s", why.text);
	if (fd >= 0 && wants_audience(api)) {
		(void)close(fd);
		return error_set(err, -EINVAL,
				 "oauth_audience: say what this host is to the issuer, as '%s' is "
				 "every host",
				 api->site.address);
	}
	text_format(place, sizeof(place), "%s://%s/mcp", api->tls ? "https" : "http",
		    api->site.address);
	oauth_set_place(&api->oauth, place);
	return fd;
}

int api_start(struct api *api, struct agent *agent, struct error *err)
{
	struct http_server_config config = {
		.handle_head = handle_head,
		.handle_request = handle_request,
		.data = api,
		.max_body_bytes = BODY_MAX_BYTES,
		.max_connections = MAX_CONNECTIONS,
		.max_connections_per_address = MAX_CONNECTIONS,
	};
	const char *where = config_get(agent->config, "api_address")->text;
	int fd, r;

	*api = (struct api) { .agent = agent };
	if (!*where || strcmp(where, "off") == 0)
		return 0;
	r = prepare(api, err);
	if (r < 0)
		return r;
	fd = listen_at(api, where, err);
	if (fd < 0)
		return fd == -EINVAL ? fd : 0;
	config.tls = api->tls;
	api->server = http_server_new(agent->base, fd, &config);
	log_info("the local API is at %s://%s", api->tls ? "https" : "http", api->site.address);
	return 0;
}

void api_stop(struct api *api)
{
	if (api->server)
		http_server_free(api->server);
	api->server = NULL;
	api_tls_finish(api);
	oauth_finish(&api->oauth);
	client_keys_finish(&api->keys);
}
