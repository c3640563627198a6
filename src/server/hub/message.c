/* What an agent says, by method. The first thing must be hello. */
#include <string.h>

#include "server/hub/flight_internal.h"

#define UNREADY (-32002) /* "not initialized", as other JSON-RPC protocols have it */

static void handle_ping(struct hub_link *link, json_t *id, const json_t *params UNUSED)
{
	link_send(link, jsonrpc_format_result(id, NULL));
}

static void handle_renewal(struct hub_link *link, json_t *id, const json_t *params)
{
	question_ask(link, link->hub->config.handle_renewal, id, params);
}

static void handle_enrolment(struct hub_link *link, json_t *id, const json_t *params)
{
	if (link->came_strange)
		question_ask(link, link->hub->config.handle_enrolment, id, params);
	else
		link_refuse(link, id, JSONRPC_INVALID_REQUEST, "this link has a certificate");
}

static const struct {
	const char *name;
	void (*handle)(struct hub_link *link, json_t *id, const json_t *params);
} methods[] = {
	{ "certificate/enrol", handle_enrolment },
	{ "certificate/renew", handle_renewal },
	{ "heartbeat", heartbeat_handle },
	{ "hello", hello_handle },
	{ "ping", handle_ping },
};

static void handle_request(struct hub_link *link, const struct jsonrpc_message *message)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(message->method, methods[i].name) != 0)
			continue;
		if (link->state != LINK_READY && methods[i].handle != hello_handle)
			link_refuse(link, message->id, UNREADY, "say hello first");
		else
			methods[i].handle(link, message->id, message->params);
		return;
	}
	link_refuse(link, message->id, JSONRPC_METHOD_NOT_FOUND, "the server has no such method");
}

static void handle_notification(struct hub_link *link, const struct jsonrpc_message *message)
{
	if (link->state != LINK_READY)
		return;
	if (strcmp(message->method, "event") == 0)
		telemetry_handle(link, message->params);
	else if (strcmp(message->method, "notifications/progress") == 0)
		progress_handle(link, message->params);
}

static void handle_response(struct hub_link *link, const struct jsonrpc_message *message)
{
	if (link->state != LINK_READY) {
		/* What is said too early would be waited for: it is said again on the next link. */
		link_close(link, WEBSOCKET_PROTOCOL_ERROR, "say hello first");
		return;
	}
	if (json_is_string(message->id))
		outcome_handle(link, message);
	else if (json_is_integer(message->id))
		tools_handle(link, message);
}

/* The documented hello of hosts with an API key is no JSON-RPC: {"type": "hello", ...}. */
static bool login_plainly(struct hub_link *link, const char *text, size_t len)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *plain = json_parse(text, len, 64 * KIB, &err);

	if (!plain || strcmp(json_get_text(plain, "type", ""), "hello") != 0)
		return false;
	link->is_plain = 1;
	question_ask(link, link->hub->config.handle_login, NULL, plain);
	return true;
}

/* And so is what such a host says then; what we have no word for is ignored, as documented. */
static bool handle_plainly(struct hub_link *link, const char *text, size_t len)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *plain = json_parse(text, len, HUB_MESSAGE_MAX_BYTES, &err);

	if (!plain || !json_object_get(plain, "type"))
		return false;
	if (link->state == LINK_READY && strcmp(json_get_text(plain, "type", ""), "heartbeat") == 0)
		heartbeat_handle(link, NULL, plain);
	return true;
}

static void handle_first(struct hub_link *link, const char *text, size_t len)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };

	link->came_strange = 1;
	if (login_plainly(link, text, len))
		return;
	if (jsonrpc_parse(text, len, 64 * KIB, &message, &err) < 0 ||
	    message.kind != JSONRPC_REQUEST || strcmp(message.method, "hello") != 0) {
		link_close(link, WEBSOCKET_POLICY, "say hello first");
		return;
	}
	question_ask(link, link->hub->config.handle_login, message.id, message.params);
}

void message_handle(struct hub_link *link, const char *text, size_t len)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };

	if (link->state == LINK_STRANGE) {
		handle_first(link, text, len);
		return;
	}
	if (link->is_plain && handle_plainly(link, text, len))
		return;
	if (jsonrpc_parse(text, len, HUB_MESSAGE_MAX_BYTES, &message, &err) < 0) {
		link->hub->counters.messages_bad++;
		link_refuse(link, message.id, (int)jsonrpc_code_of(&err), err.text);
		/* It may have been an outcome: the next hello says what there is. */
		link_close(link, WEBSOCKET_PROTOCOL_ERROR, "what came is no message");
		return;
	}
	if (message.kind == JSONRPC_REQUEST)
		handle_request(link, &message);
	else if (message.kind == JSONRPC_NOTIFICATION)
		handle_notification(link, &message);
	else
		handle_response(link, &message);
}
