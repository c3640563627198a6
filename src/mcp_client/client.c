#include "mcp_client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mcp_client/client_internal.h"
#include "net/url.h"

#define FAREWELL_NS (3 * NS_PER_SEC)

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

static void copy_secrets(struct mcp_client *client, const struct mcp_client_config *config)
{
	client->config.n_secrets =
		config->n_secrets < MCP_MAX_SECRETS ? config->n_secrets : MCP_MAX_SECRETS;
	for (size_t i = 0; i < client->config.n_secrets; i++) {
		client->secret_texts[2 * i] = copy(config->secrets[i].name);
		client->secret_texts[2 * i + 1] = copy(config->secrets[i].value);
		client->secrets[i] = (struct courier_header) { client->secret_texts[2 * i],
							       client->secret_texts[2 * i + 1] };
	}
	client->config.secrets = client->secrets;
}

static void copy_grant(struct mcp_client *client, const struct mcp_grant *grant)
{
	const char *const texts[] = { grant->url, grant->id, grant->secret, grant->scope };

	for (size_t i = 0; i < ARRAY_LEN(texts) && grant->url; i++)
		client->grant_texts[i] = copy(texts[i] ? texts[i] : "");
	client->config.grant =
		(struct mcp_grant) { client->grant_texts[0], client->grant_texts[1],
				     client->grant_texts[2], client->grant_texts[3] };
}

static int check(const struct mcp_client_config *config, char host[256], struct error *err)
{
	CLEANUP(url) struct url url = { 0 };
	int r = url_parse(config->url, strlen(config->url), &url, err);

	if (r < 0)
		return r;
	if (url.scheme != URL_HTTP && url.scheme != URL_HTTPS)
		return error_set(err, -EINVAL, "an MCP server has a URL of https://");
	if (url.user || url.password)
		return error_set(err, -EINVAL, "no user or password stands in the URL");
	if (config->version && strcmp(config->version, MCP_CLIENT_MODERN) != 0 &&
	    !mcp_client_is_legacy(config->version))
		return error_set(err, -EINVAL, "there is no revision '%.32s' of MCP",
				 config->version);
	text_copy(host, 256, url.host);
	return 0;
}

struct mcp_client *mcp_client_new(const struct mcp_client_config *config, struct error *err)
{
	struct mcp_client *client;
	char host[256];

	if (check(config, host, err) < 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client)
		abort();
	client->config = *config;
	client->url = copy(config->url);
	client->config.ca_pem = client->ca_pem = copy(config->ca_pem);
	client->config.networks = client->networks = copy(config->networks);
	if (!client->config.max_bytes)
		client->config.max_bytes = MCP_CLIENT_MAX_BYTES;
	if (!client->config.connect_ns)
		client->config.connect_ns = MCP_CLIENT_REQUEST_NS;
	copy_secrets(client, config);
	copy_grant(client, &config->grant);
	text_copy(client->host, sizeof(client->host), host);
	text_copy(client->wanted, sizeof(client->wanted), config->version ? config->version : "");
	TAILQ_INIT(&client->requests);
	TAILQ_INIT(&client->notes);
	return client;
}

static void drop_requests(struct mcp_client *client)
{
	while (!TAILQ_EMPTY(&client->requests))
		mcp_request_free(TAILQ_FIRST(&client->requests));
	mcp_client_deafen(client);
	if (client->grant.call)
		courier_cancel(TAKE(client->grant.call));
}

static void wipe(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (texts[i])
			explicit_bzero(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
}

void mcp_client_free(struct mcp_client *client)
{
	if (!client)
		return;
	if (client->config.drop_tokens)
		client->config.drop_tokens(client->config.token_data);
	drop_requests(client);
	while (!TAILQ_EMPTY(&client->notes))
		mcp_note_free(TAILQ_FIRST(&client->notes));
	if (client->farewell)
		event_free(client->farewell);
	mcp_client_forget_grant(client);
	wipe(client->secret_texts, ARRAY_LEN(client->secret_texts));
	wipe(client->grant_texts, ARRAY_LEN(client->grant_texts));
	free(client->url);
	free(client->ca_pem);
	free(client->networks);
	free(client);
}

void mcp_client_cleanup(struct mcp_client **client)
{
	mcp_client_free(*client);
}

static void handle_farewell(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct mcp_client *client = data;
	void (*ended)(void *data) = client->ended;
	void *ended_data = client->ended_data;

	mcp_client_free(client);
	ended(ended_data);
}

void mcp_client_rest(struct mcp_client *client)
{
	static const struct timeval now = { 0 };

	if (client->ended && TAILQ_EMPTY(&client->notes) && event_add(client->farewell, &now) < 0)
		abort();
}

void mcp_client_end(struct mcp_client *client, void (*ended)(void *data), void *data)
{
	static const struct timeval wait = { .tv_sec = FAREWELL_NS / NS_PER_SEC };

	drop_requests(client);
	client->ended = ended;
	client->ended_data = data;
	client->farewell = event_new(client->config.base, -1, 0, handle_farewell, client);
	if (!client->farewell || event_add(client->farewell, &wait) < 0)
		abort();
	if (*client->session)
		mcp_client_leave(client);
	mcp_client_rest(client);
}

void mcp_client_watch(struct mcp_client *client, void (*changed)(void *data), void *data)
{
	client->config.changed = changed;
	client->config.data = data;
}

const char *mcp_client_version(const struct mcp_client *client)
{
	return client->state == MCP_CLIENT_READY ? client->version : NULL;
}
