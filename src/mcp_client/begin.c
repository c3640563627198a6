/*
 * The beginning: server/discover finds out whether a server speaks 2026-07-28; one that does not
 * know that is greeted with initialize.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mcp_client/client_internal.h"

/* The newest first. */
static const char *const legacy[] = { "2025-11-25", "2025-06-18", "2025-03-26" };

#define UNSUPPORTED_VERSION (-32022)

bool mcp_client_is_legacy(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(legacy); i++)
		if (strcmp(legacy[i], version) == 0)
			return true;
	return false;
}

static bool has(const json_t *list, const char *version)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text && strcmp(text, version) == 0)
			return true;
	}
	return false;
}

static void fail(struct mcp_client *client, const struct mcp_outcome *outcome)
{
	client->state = MCP_CLIENT_NEW;
	if (outcome->status == 401)
		mcp_client_forget_token(client);
	mcp_client_fail_waiting(client, outcome);
}

static void fail_because(struct mcp_client *client, const char *why)
{
	struct error err = { 0 };

	error_set(&err, -EBADMSG, "%s: %s", client->host, why);
	fail(client, &(struct mcp_outcome) { .err = &err });
}

static void be_ready(struct mcp_client *client)
{
	client->state = MCP_CLIENT_READY;
	client->is_greeted = true;
	client->grant.has_new_token = client->grant.has_more_scope = false;
	mcp_client_listen(client);
	mcp_client_send_waiting(client);
}

static void handle_initialized(const struct mcp_outcome *outcome, void *data)
{
	struct mcp_client *client = data;
	const char *version = json_get_text(outcome->result, "protocolVersion", "");

	if (outcome->err) {
		fail(client, outcome);
	} else if (!mcp_client_is_legacy(version)) {
		fail_because(client, "it speaks no revision of MCP that is known here");
	} else {
		text_copy(client->version, sizeof(client->version), version);
		mcp_client_note(client,
				jsonrpc_format_notification("notifications/initialized", NULL),
				"notifications/initialized", be_ready);
	}
}

static void initialize(struct mcp_client *client, const char *version)
{
	const struct mcp_order order = {
		.method = "initialize",
		.params =
			json_pack("{s:s, s:{s:{s:{}, s:{}}}, s:{s:s, s:s}}", "protocolVersion",
				  version, "capabilities", "elicitation", "form", "url",
				  "clientInfo", "name", "constable", "version", CONSTABLE_VERSION),
		.total_ns = client->config.connect_ns,
		.done = handle_initialized,
		.data = client,
	};

	mcp_client_deafen(client);
	client->is_modern = false;
	client->version[0] = client->session[0] = '\0';
	(void)mcp_client_order(client, &order, true);
}

/* The newest of ours that it says it knows; the newest of all where it says nothing. */
static const char *best_of(const json_t *supported)
{
	for (size_t i = 0; i < ARRAY_LEN(legacy); i++)
		if (has(supported, legacy[i]))
			return legacy[i];
	return legacy[0];
}

static void discover(struct mcp_client *client);

static bool is_of_the_network(const struct mcp_outcome *outcome)
{
	return outcome->status == 0 || outcome->status == 401 || outcome->status == 403 ||
	       outcome->err->code == -ETIMEDOUT;
}

static void handle_discovered(const struct mcp_outcome *outcome, void *data)
{
	struct mcp_client *client = data;
	const json_t *refused = outcome->code == UNSUPPORTED_VERSION
					? json_object_get(outcome->data, "supported")
					: NULL;

	if (outcome->result &&
	    has(json_object_get(outcome->result, "supportedVersions"), MCP_CLIENT_MODERN)) {
		be_ready(client);
	} else if (has(refused, MCP_CLIENT_MODERN) && !client->has_tried_again) {
		client->has_tried_again = true;
		discover(client);
	} else if (outcome->err && is_of_the_network(outcome)) {
		fail(client, outcome);
	} else if (*client->wanted) {
		fail_because(client, "it does not speak " MCP_CLIENT_MODERN);
	} else {
		initialize(client, best_of(refused));
	}
}

static void discover(struct mcp_client *client)
{
	const struct mcp_order order = {
		.method = "server/discover",
		.total_ns = client->config.connect_ns,
		.done = handle_discovered,
		.data = client,
	};

	client->is_modern = true;
	text_copy(client->version, sizeof(client->version), MCP_CLIENT_MODERN);
	(void)mcp_client_order(client, &order, true);
}

static void greet(struct mcp_client *client)
{
	client->has_tried_again = false;
	if (mcp_client_is_legacy(client->wanted))
		initialize(client, client->wanted);
	else if (mcp_client_is_legacy(client->version))
		initialize(client, legacy[0]); /* its session was lost */
	else
		discover(client);
}

void mcp_client_go_on(struct mcp_client *client, const struct error *err)
{
	if (err) {
		struct error why = *err;

		(void)error_wrap(&why, "%s", client->host);
		fail(client, &(struct mcp_outcome) { .err = &why });
	} else if (client->is_greeted) {
		be_ready(client); /* only the token was old */
	} else {
		greet(client);
	}
}

void mcp_client_begin(struct mcp_client *client)
{
	if (client->state != MCP_CLIENT_NEW)
		return;
	client->state = MCP_CLIENT_BEGINNING;
	client->grant.is_challenged = client->is_greeted = false;
	client->grant.has_new_token = client->grant.has_more_scope = false;
	if ((client->config.grant.url || client->config.want_token) && !client->token)
		mcp_client_get_token(client);
	else
		greet(client);
}
