/* Messages that come for a request: its answer, how far it is, and what the server wants of us. */
#include <errno.h>
#include <string.h>

#include "mcp_client/question_internal.h"

static bool is_ours(const struct mcp_request *request, const json_t *id)
{
	return json_is_integer(id) && json_integer_value(id) == request->id;
}

/* What a server says of itself is printable, and short. */
static void clean(const char *text, char said[MCP_SAID_BYTES])
{
	size_t n = 0;

	for (; *text && n < MCP_SAID_BYTES - 1; text++)
		said[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	said[n] = '\0';
}

static void take_error(struct mcp_request *request, const struct jsonrpc_message *message)
{
	char said[MCP_SAID_BYTES];

	clean(message->error, said);
	request->code = message->code ? message->code : JSONRPC_INTERNAL_ERROR;
	request->error_data = json_incref(message->error_data);
	error_set(&request->err, -EREMOTEIO, "%s says: %s (%d)", request->client->host, said,
		  message->code);
	/* Credentials are a matter of HTTP, whatever the body says. */
	if (request->status == 401 || request->status == 403)
		request->err.code = -EACCES;
}

static int take_answer(struct mcp_request *request, const struct jsonrpc_message *message,
		       struct error *err)
{
	bool is_of_nothing = message->kind == JSONRPC_ERROR && !message->id;

	/* Of another request, or of none: that is no answer to this one. */
	if (!is_ours(request, message->id) && !(is_of_nothing && request->status >= 400))
		return 0;
	/* Such a session is begun again, or a token renewed, instead (travel.c). */
	if (mcp_request_may_renew(request))
		return 0;
	if (request->status == 404 && *request->client->session && !request->client->is_modern)
		return 0;
	if (message->kind == JSONRPC_ERROR)
		take_error(request, message);
	else if (request->status >= 400)
		return 0;
	else if (!json_is_object(message->result))
		error_set(&request->err, -EBADMSG, "%s: a result that is no object",
			  request->client->host);
	else
		request->result = json_incref(message->result);
	request->is_over = true;
	return error_set(err, -ECANCELED, "it is answered");
}

static void take_progress(const struct mcp_request *request, const json_t *params)
{
	char said[MCP_SAID_BYTES];

	if (!request || request->is_dropped || !request->order.progress ||
	    !is_ours(request, json_object_get(params, "progressToken")))
		return;
	clean(json_get_text(params, "message", ""), said);
	request->order.progress(json_get_number(params, "progress", 0),
				json_get_number(params, "total", 0), said, request->order.data);
}

/* On the stream of no request, the oldest that can ask somebody is meant. */
static struct mcp_request *find_asking(const struct mcp_client *client)
{
	struct mcp_request *request;

	TAILQ_FOREACH(request, &client->requests, link)
	if (request->is_sent && !request->is_internal && request->order.ask)
		return request;
	return NULL;
}

static void refuse(struct mcp_client *client, const struct jsonrpc_message *message)
{
	mcp_client_note(client,
			jsonrpc_format_error(message->id, JSONRPC_METHOD_NOT_FOUND,
					     "this client has no such method", NULL),
			NULL, NULL);
}

static void take_request(struct mcp_client *client, struct mcp_request *request,
			 const struct jsonrpc_message *message)
{
	struct mcp_request *asking = request ? request : find_asking(client);

	if (client->is_modern)
		return; /* there, results ask back */
	if (strcmp(message->method, "elicitation/create") == 0 && asking)
		mcp_request_ask(asking, message);
	else if (strcmp(message->method, "ping") == 0)
		mcp_client_note(client, jsonrpc_format_result(message->id, NULL), NULL, NULL);
	else
		refuse(client, message);
}

void mcp_client_hear(struct mcp_client *client, struct mcp_request *request,
		     const struct jsonrpc_message *message)
{
	if (message->kind == JSONRPC_REQUEST)
		take_request(client, request, message);
	else if (strcmp(message->method, "notifications/progress") == 0)
		take_progress(request, message->params);
	else if (strcmp(message->method, "notifications/tools/list_changed") == 0 &&
		 client->config.changed)
		client->config.changed(client->config.data);
}

int mcp_request_hear(struct mcp_request *request, const struct jsonrpc_message *message,
		     struct error *err)
{
	if (message->kind == JSONRPC_RESULT || message->kind == JSONRPC_ERROR)
		return take_answer(request, message, err);
	mcp_client_hear(request->client, request, message);
	return request->is_dropped ? error_set(err, -ECANCELED, "it is not wanted any more") : 0;
}

void mcp_request_settle(struct mcp_request *request)
{
	const char *type = json_get_text(request->result, "resultType", "complete");

	if (!request->client->is_modern || request->err.code || strcmp(type, "complete") == 0) {
		mcp_request_finish(request);
	} else if (strcmp(type, "input_required") == 0) {
		CLEANUP(json) json_t *result = TAKE(request->result);

		mcp_request_ask_all(request, result);
	} else {
		request->is_over = false;
		mcp_request_fail(request, -EBADMSG, "a result of an unknown kind");
	}
}
