/*
 * The stream of a session that belongs to no request (GET): on it a server says that its tools have
 * changed, and some ask there what they want to know. One that is refused is not asked for again,
 * nor is one begun where the courier has much to do: it would take the place of a request for long.
 */
#include <stdlib.h>
#include <string.h>

#include "mcp_client/envelope.h"

#define AGAIN_NS (2 * NS_PER_SEC)
#define MAX_OPEN (COURIER_MAX_OPEN / 2) /* calls of the courier beside which there is a stream */

static int handle_message(struct mcp_answer *answer, const struct jsonrpc_message *message,
			  struct error *err UNUSED)
{
	struct mcp_client *client = container_of(answer, struct mcp_client, listening.answer);

	/* Answers come on the stream of their request. */
	if (message->kind == JSONRPC_REQUEST || message->kind == JSONRPC_NOTIFICATION)
		mcp_client_hear(client, NULL, message);
	return 0;
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct mcp_client *client = data;

	client->listening.is_open = head->status == 200;
	mcp_answer_init(&client->listening.answer, mcp_head_value(head, "content-type"),
			client->config.max_bytes, handle_message);
}

static void stop(struct mcp_client *client)
{
	if (client->listening.call)
		courier_cancel(TAKE(client->listening.call));
	mcp_answer_finish(&client->listening.answer);
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct mcp_client *client = data;
	struct error err = { 0 };

	if (mcp_answer_feed(&client->listening.answer, bytes, len, &err) < 0)
		stop(client);
}

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	mcp_client_listen(data);
}

static void handle_end(const struct error *err UNUSED, void *data)
{
	static const struct timeval wait = { .tv_sec = AGAIN_NS / NS_PER_SEC };
	struct mcp_client *client = data;

	client->listening.call = NULL;
	mcp_answer_finish(&client->listening.answer);
	if (!client->listening.is_open || client->listening.n_again++ == MCP_CLIENT_MAX_RESUMES)
		return;
	if (!client->listening.again)
		client->listening.again =
			event_new(client->config.base, -1, 0, handle_again, client);
	if (!client->listening.again || event_add(client->listening.again, &wait) < 0)
		abort();
}

static const struct mcp_ear ear = {
	.handlers = { .head = handle_head, .body = handle_body, .end = handle_end },
	.patience_ns = 86400 * NS_PER_SEC,
};

void mcp_client_listen(struct mcp_client *client)
{
	CLEANUP(mcp_envelope) struct mcp_envelope envelope = { 0 };

	mcp_client_deafen(client);
	if (!*client->session || courier_n_open(client->config.courier) >= MAX_OPEN)
		return;
	mcp_envelope_address(&envelope, client, NULL);
	client->listening.is_open = false;
	client->listening.call = mcp_envelope_send(client, "GET", &envelope, NULL, &ear, client);
}

void mcp_client_deafen(struct mcp_client *client)
{
	stop(client);
	if (client->listening.again)
		event_free(TAKE(client->listening.again));
}
