#include "agent/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/agent.h"
#include "agent/status.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/listen.h"

#define BODY_MAX_BYTES (64 * KIB)
#define MAX_CONNECTIONS 32

struct route {
	const char *path;
	enum {
		FOR_ALL,
		WITH_TOKEN
	} who;
	json_t *(*document)(const struct agent *agent); /* NULL: see special() */
};

static const struct route routes[] = {
	{ "/health", FOR_ALL, status_health },          { "/healthz", FOR_ALL, status_healthz },
	{ "/version", FOR_ALL, status_version },        { "/info", WITH_TOKEN, status_info },
	{ "/status", WITH_TOKEN, status_whole },        { "/metrics", WITH_TOKEN, NULL },
	{ "/api/v1/ca-certificate", WITH_TOKEN, NULL },
};

static const struct route *find(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

/* A name that somebody points at 127.0.0.1 is none of ours (DNS rebinding). */
static bool is_own_host(const struct api *api, const char *host)
{
	const char *port = strrchr(api->address, ':');
	char name[80];

	if (!host)
		return false;
	if (strcasecmp(host, api->address) == 0)
		return true;
	text_format(name, sizeof(name), "localhost%s", port);
	if (strcasecmp(host, name) == 0)
		return true;
	return strcmp(port, ":80") == 0 && strcasecmp(host, "localhost") == 0;
}

static bool has_token(const struct api *api, const struct http_request *request)
{
	const char *own = api->agent->state.api_token.text;
	const char *given = http_request_field(request, "x-api-key");
	const char *header = http_request_field(request, "authorization");

	if (!given && header && strncasecmp(header, "bearer ", 7) == 0)
		given = header + 7;
	return given && token_equal(given, strlen(given), own, strlen(own));
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

	if (strcmp(request->path, "/api/v1/ca-certificate") == 0) {
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

static void refuse(struct api *api, struct http_request *request, unsigned status,
		   const char *sentence)
{
	api->n_refused++;
	http_reply_error(request, status, NULL, sentence);
}

static void handle_request(struct http_request *request, void *data)
{
	struct api *api = data;
	const struct route *route = find(request->path);

	api->n_requests++;
	agent_was_busy(api->agent);
	if (!is_own_host(api, http_request_field(request, "host")) ||
	    http_request_field(request, "origin")) {
		refuse(api, request, 403, "only programs of this host may ask, and by its address");
	} else if (!route) {
		refuse(api, request, 404, "the agent has no such page");
	} else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		http_reply_header(request, "Allow", "GET, HEAD");
		refuse(api, request, 405, "this page can only be read");
	} else if (route->who == WITH_TOKEN && !has_token(api, request)) {
		http_reply_header(request, "WWW-Authenticate", "Bearer");
		refuse(api, request, 401,
		       "send the token of the file api_token in the agent's state folder");
	} else if (route->document) {
		http_reply_json(request, 200, route->document(api->agent));
	} else {
		send_special(api, request);
	}
}

static bool is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* "127.0.0.1:8080", "[::1]:8080" */
static int split(const char *text, char address[64], uint16_t *port_out, struct error *err)
{
	const char *colon = strrchr(text, ':');
	const char *from = text + (text[0] == '[');
	size_t len = colon ? (size_t)(colon - from) : 0;
	char *end;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 65536;

	if (text[0] == '[' && len && from[len - 1] == ']')
		len--;
	if (!len || len >= 64 || port > 65535 || *end || !colon[1])
		return error_set(err, -EINVAL, "api_address: '%s' is not ADDRESS:PORT", text);
	memcpy(address, from, len);
	address[len] = '\0';
	*port_out = (uint16_t)port;
	if (!is_loopback(address))
		return error_set(err, -EINVAL,
				 "api_address: '%s' is not loopback, and there is no TLS here",
				 text);
	return 0;
}

int api_start(struct api *api, struct agent *agent, struct error *err)
{
	const char *where = config_get(agent->config, "api_address")->text;
	struct http_server_config config = {
		.handle_request = handle_request,
		.data = api,
		.max_body_bytes = BODY_MAX_BYTES,
		.max_connections = MAX_CONNECTIONS,
		.max_connections_per_address = MAX_CONNECTIONS,
	};
	struct error why = { 0 };
	char address[64];
	uint16_t port = 0;
	int fd;

	*api = (struct api) { .agent = agent };
	if (!*where || strcmp(where, "off") == 0)
		return 0;
	if (split(where, address, &port, err) < 0)
		return err->code;
	fd = listen_open(address, port, &why);
	if (fd < 0) {
		/* What it is for goes on without it. */
		log_warn("no local API: %s", why.text);
		return 0;
	}
	text_format(api->address, sizeof(api->address), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
		    address, listen_port(fd));
	api->server = http_server_new(agent->base, fd, &config);
	log_info("the local API is at http://%s", api->address);
	return 0;
}

void api_stop(struct api *api)
{
	if (api->server)
		http_server_free(api->server);
	api->server = NULL;
}
