#include "surface/mcp/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "surface/mcp/mcp_internal.h"

/* Newest last: what a client is offered that asks for another. */
static const char *const revisions[] = { "2025-03-26", "2025-06-18", "2025-11-25" };

static void say(struct mcp *mcp, void *exchange, char *text, struct mcp_word word)
{
	word.text = text;
	mcp->peer->say(mcp->peer->data, exchange, &word);
	free(text);
}

const json_t *mcp_request_meta(const struct mcp_request *request)
{
	return json_object_get(request->params, "_meta");
}

const json_t *mcp_request_capabilities(const struct mcp_request *request)
{
	if (!request->is_modern)
		return request->mcp->capabilities;
	return json_object_get(mcp_request_meta(request), MCP_META "clientCapabilities");
}

const char *mcp_request_level(const struct mcp_request *request)
{
	if (!request->is_modern)
		return request->mcp->level;
	return json_get_text(mcp_request_meta(request), MCP_META "logLevel", NULL);
}

void mcp_complete(const struct mcp_request *request, json_t *result)
{
	const struct mcp_offer *offer = request->mcp->offer;
	json_t *meta = json_object_get(result, "_meta");

	if (!request->is_modern)
		return;
	if (!json_object_get(result, "resultType"))
		json_put(result, "resultType", json_string("complete"));
	if (!meta) {
		meta = json_object();
		json_put(result, "_meta", meta);
	}
	json_put(meta, MCP_META "serverInfo",
		 json_pack("{s:s, s:s}", "name", offer->name, "version", offer->version));
}

void mcp_reply_text(const struct mcp_request *request, const char *result)
{
	CLEANUP(text) char *id = json_dumps(request->id, JSON_ENCODE_ANY);

	say(request->mcp, request->exchange,
	    json_fill("{\"jsonrpc\":\"2.0\",\"id\":$j,\"result\":$j}", id, result),
	    (struct mcp_word) { .ends = true });
}

void mcp_reply(const struct mcp_request *request, json_t *result)
{
	if (!result)
		result = json_object();
	mcp_complete(request, result);
	say(request->mcp, request->exchange, jsonrpc_format_result(request->id, result),
	    (struct mcp_word) { .ends = true });
}

void mcp_refuse_with(const struct mcp_request *request, int code, unsigned status,
		     const char *sentence, json_t *data)
{
	say(request->mcp, request->exchange,
	    jsonrpc_format_error(request->id, code, sentence, data),
	    (struct mcp_word) { .ends = true, .code = code, .status = status });
}

void mcp_refuse(const struct mcp_request *request, int code, const char *sentence)
{
	mcp_refuse_with(request, code, 0, sentence, NULL);
}

void mcp_refuse_extension(const struct mcp_request *request, const char *extension)
{
	mcp_refuse_with(
		request, MCP_MISSING_CAPABILITY, 400,
		"this needs an extension that the client does not say it has",
		json_pack("{s:{s:{s:{}}}}", "requiredCapabilities", "extensions", extension));
}

void mcp_refuse_unread(struct mcp *mcp, void *exchange, const char *sentence)
{
	const struct mcp_request nobody = { .mcp = mcp, .exchange = exchange };

	mcp_refuse_with(&nobody, JSONRPC_INVALID_REQUEST, 400, sentence, NULL);
}

void mcp_tell(const struct mcp_request *request, char *text)
{
	say(request->mcp, request->exchange, text, (struct mcp_word) { 0 });
}

bool mcp_has_revision(const char *revision)
{
	for (size_t i = 0; i < ARRAY_LEN(revisions); i++)
		if (strcmp(revisions[i], revision) == 0)
			return true;
	return false;
}

static const char *negotiate(const char *wanted)
{
	for (size_t i = 0; i < ARRAY_LEN(revisions); i++)
		if (strcmp(revisions[i], wanted) == 0)
			return revisions[i];
	return revisions[ARRAY_LEN(revisions) - 1];
}

static void initialize(const struct mcp_request *request)
{
	struct mcp *mcp = request->mcp;
	const char *wanted = json_get_text(request->params, "protocolVersion", NULL);
	json_t *result;

	if (!wanted) {
		mcp_refuse(request, JSONRPC_INVALID_PARAMS, "initialize names a protocolVersion");
		return;
	}
	if (mcp->revision) {
		mcp_refuse(request, JSONRPC_INVALID_REQUEST, "this session is initialized already");
		return;
	}
	mcp->revision = negotiate(wanted);
	mcp->capabilities = json_incref(json_object_get(request->params, "capabilities"));
	result = json_pack("{s:s, s:o, s:{s:s, s:s}, s:s*}", "protocolVersion", mcp->revision,
			   "capabilities", mcp_describe_capabilities(request), "serverInfo", "name",
			   mcp->offer->name, "version", mcp->offer->version, "instructions",
			   mcp->offer->instructions);
	mcp_reply(request, result);
}

/* What every request of 2026-07-28 says of itself. */
static bool is_whole(const struct mcp_request *request)
{
	const json_t *meta = mcp_request_meta(request);
	const char *version = json_get_text(meta, MCP_META "protocolVersion", NULL);
	const char *level = mcp_request_level(request);

	if (version && strcmp(version, MCP_MODERN) != 0) {
		mcp_refuse_with(
			request, MCP_UNSUPPORTED_VERSION, 400,
			"this revision is not served to requests that stand alone",
			json_pack("{s:[s], s:s}", "supported", MCP_MODERN, "requested", version));
		return false;
	}
	if (!version || !json_is_object(json_object_get(meta, MCP_META "clientCapabilities"))) {
		mcp_refuse_with(request, JSONRPC_INVALID_PARAMS, 400,
				"params._meta names " MCP_META "protocolVersion and " MCP_META
				"clientCapabilities",
				NULL);
		return false;
	}
	if (level && mcp_level_rank(level) < 0) {
		mcp_refuse_with(request, JSONRPC_INVALID_PARAMS, 400, "there is no such log level",
				NULL);
		return false;
	}
	return true;
}

static void serve_modern(const struct mcp_request *request, const char *method)
{
	if (!is_whole(request))
		return;
	if (strcmp(method, "subscriptions/listen") == 0)
		mcp_listen_start(request);
	else if (!mcp_answer_at_once(request, method) && !mcp_task_serve(request, method) &&
		 !mcp_call_start(request, method))
		mcp_refuse_with(request, JSONRPC_METHOD_NOT_FOUND, 404, "there is no such method",
				NULL);
}

static void serve_session(const struct mcp_request *request, const char *method)
{
	if (mcp_call_find(request->mcp, request->id))
		mcp_refuse(request, JSONRPC_INVALID_REQUEST,
			   "a request with this id is still open");
	else if (strcmp(method, "initialize") == 0)
		initialize(request);
	else if (!request->revision && strcmp(method, "ping") != 0)
		mcp_refuse(request,
			   mcp_knows(request->mcp, method) ? JSONRPC_INVALID_REQUEST
							   : JSONRPC_METHOD_NOT_FOUND,
			   "a session begins with initialize");
	else if (!mcp_answer_at_once(request, method) && !mcp_call_start(request, method))
		mcp_refuse(request, JSONRPC_METHOD_NOT_FOUND, "there is no such method");
}

/* Requests of several clients may be open in it, which know nothing of each other. */
static bool is_shared(const struct mcp *mcp)
{
	return mcp->revision && strcmp(mcp->revision, MCP_MODERN) == 0;
}

static void take_request(struct mcp *mcp, void *exchange, const struct jsonrpc_message *message)
{
	struct mcp_request request = { .mcp = mcp,
				       .exchange = exchange,
				       .id = message->id,
				       .params = message->params,
				       .revision = mcp->revision };
	const json_t *meta = mcp_request_meta(&request);

	request.is_modern = is_shared(mcp) || json_object_get(meta, MCP_META "protocolVersion");
	if (!request.is_modern) {
		serve_session(&request, message->method);
		return;
	}
	request.revision = MCP_MODERN;
	serve_modern(&request, message->method);
}

static void take_notification(struct mcp *mcp, const struct jsonrpc_message *message)
{
	struct mcp_call *call;

	if (is_shared(mcp) || strcmp(message->method, "notifications/cancelled") != 0)
		return;
	call = mcp_call_find(mcp, json_object_get(message->params, "requestId"));
	if (call && !call->task)
		mcp_call_cancel(call);
}

void mcp_take_message(struct mcp *mcp, void *exchange, const struct jsonrpc_message *message)
{
	if (message->kind == JSONRPC_REQUEST)
		take_request(mcp, exchange, message);
	else if (message->kind == JSONRPC_NOTIFICATION)
		take_notification(mcp, message);
	else if (!is_shared(mcp))
		mcp_call_take_answer(mcp, message);
}

void mcp_take(struct mcp *mcp, void *exchange, const char *text, size_t len)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };
	struct mcp_request nobody = { .mcp = mcp, .exchange = exchange };

	if (jsonrpc_parse(text, len, MCP_MESSAGE_MAX_BYTES, &message, &err) == 0) {
		mcp_take_message(mcp, exchange, &message);
		return;
	}
	nobody.id = message.id;
	mcp_refuse_with(&nobody, (int)jsonrpc_code_of(&err), 400, err.text, NULL);
}

void mcp_leave(struct mcp *mcp, const void *exchange)
{
	struct mcp_call *next;

	for (struct mcp_call *call = mcp->calls; call; call = next) {
		next = call->next;
		if (call->request.exchange == exchange && !call->task)
			mcp_call_cancel(call);
	}
}

void mcp_finish(struct mcp *mcp)
{
	mcp_tasks_finish(mcp);
	while (mcp->calls)
		mcp_call_cancel(mcp->calls);
	json_decref(mcp->capabilities);
	json_decref(mcp->watched);
	mcp->capabilities = mcp->watched = NULL;
}
