#include "surface/mcp/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "surface/mcp/http_internal.h"

#define IDLE_NS (1800 * NS_PER_SEC)
#define RESUME_NS (60 * NS_PER_SEC)
#define MAX_SESSIONS 64

struct mcp_http *mcp_http_new(struct event_base *base, const struct mcp_offer *offer,
			      const struct mcp_http_config *config)
{
	struct mcp_http *http = calloc(1, sizeof(*http));

	if (!http)
		abort();
	http->base = base;
	http->offer = offer;
	http->config = *config;
	if (!http->config.idle_ns)
		http->config.idle_ns = IDLE_NS;
	if (!http->config.resume_ns)
		http->config.resume_ns = RESUME_NS;
	if (!http->config.history_bytes)
		http->config.history_bytes = MCP_HISTORY_MAX_BYTES;
	if (!http->config.max_sessions)
		http->config.max_sessions = MAX_SESSIONS;
	http->peer = (struct mcp_peer) { .say = mcp_exchange_say };
	http->alone = (struct mcp) { .peer = &http->peer, .offer = offer, .revision = MCP_MODERN };
	LIST_INIT(&http->exchanges);
	LIST_INIT(&http->sessions);
	if (event_assign(&http->sweep, base, -1, 0, mcp_http_sweep, http) < 0)
		abort();
	return http;
}

static void end_all(struct mcp_http *http)
{
	struct mcp_exchange *exchange;
	struct mcp_session *session;

	LIST_FOREACH(exchange, &http->exchanges, link)
	{
		exchange->is_in_hand = true;
		mcp_take_leave(&http->alone, exchange);
	}
	mcp_finish(&http->alone);
	while ((exchange = LIST_FIRST(&http->exchanges)))
		mcp_exchange_free(exchange);
	while ((session = LIST_FIRST(&http->sessions)))
		mcp_session_end(session);
}

void mcp_http_free(struct mcp_http *http)
{
	if (!http)
		return;
	end_all(http);
	(void)event_del(&http->sweep);
	free(http);
}

bool mcp_http_is_idle(const struct mcp_http *http)
{
	return LIST_EMPTY(&http->sessions) && LIST_EMPTY(&http->exchanges) &&
	       !mcp_has_tasks(&http->alone);
}

void mcp_http_tell_changed(struct mcp_http *http, const char *list)
{
	struct mcp_session *session;

	mcp_tell_changed(&http->alone, list);
	LIST_FOREACH(session, &http->sessions, link) mcp_tell_changed(&session->mcp, list);
}

void mcp_http_tell_updated(struct mcp_http *http, const char *uri)
{
	struct mcp_session *session;

	mcp_tell_updated(&http->alone, uri);
	LIST_FOREACH(session, &http->sessions, link) mcp_tell_updated(&session->mcp, uri);
}

static void refuse(struct http_request *request, unsigned status, const char *sentence)
{
	mcp_http_refuse(request, status, NULL, JSONRPC_INVALID_REQUEST, sentence);
}

static void refuse_lost(struct http_request *request)
{
	refuse(request, 404, "there is no such session any more; initialize another");
}

bool mcp_http_refuse_lost(struct http_request *request)
{
	const char *version = http_request_field(request, "mcp-protocol-version");
	bool is_of_one = http_request_field(request, "mcp-session-id") &&
			 !(version && strcmp(version, MCP_MODERN) == 0);

	if (is_of_one)
		refuse_lost(request);
	return is_of_one;
}

/* Of a request that belongs to one; NULL: it has been answered. */
static struct mcp_session *find_session(struct mcp_http *http, struct http_request *request)
{
	const char *id = http_request_field(request, "mcp-session-id");
	const char *version = http_request_field(request, "mcp-protocol-version");
	struct mcp_session *session = id ? mcp_session_find(http, id) : NULL;

	if (!id)
		refuse(request, 400, "send the Mcp-Session-Id that initialize was answered with");
	else if (!session)
		refuse_lost(request);
	else if (version && !mcp_has_revision(version))
		refuse(request, 400, "no session has this MCP-Protocol-Version");
	else
		return session;
	return NULL;
}

static void take_one(struct mcp_http *http, struct mcp_session *session,
		     struct http_request *request, const struct jsonrpc_message *message)
{
	struct mcp_exchange *exchange;

	if (message->kind != JSONRPC_REQUEST) {
		mcp_take_message(session ? &session->mcp : &http->alone, NULL, message);
		http_reply(request, 202, NULL, NULL, 0);
		return;
	}
	exchange = mcp_exchange_new(http, session, request);
	exchange->is_initialize = strcmp(message->method, "initialize") == 0;
	exchange->n_open = 1;
	exchange->is_in_hand = true;
	mcp_take_message(mcp_exchange_session(exchange), exchange, message);
	mcp_exchange_settle(exchange);
}

static void serve_alone(struct mcp_http *http, struct http_request *request,
			const struct jsonrpc_message *message)
{
	const char *why = message->kind == JSONRPC_REQUEST
				  ? mcp_http_contradiction(request, message, http->offer)
				  : NULL;

	if (why)
		mcp_http_refuse(request, 400, message->id, MCP_HEADER_MISMATCH, why);
	else
		take_one(http, NULL, request, message);
}

static void initialize(struct mcp_http *http, struct http_request *request,
		       const struct jsonrpc_message *message)
{
	struct mcp_session *session = mcp_session_new(http);

	if (!session) {
		http_reply_header(request, "Retry-After", "10");
		mcp_http_refuse(request, 503, message->id, JSONRPC_INTERNAL_ERROR,
				"too many sessions are at work; end one of them by DELETE");
		return;
	}
	take_one(http, session, request, message);
	if (!session->mcp.revision)
		mcp_session_end(session);
}

static bool is_modern(const struct http_request *request, const struct jsonrpc_message *message)
{
	const char *version = http_request_field(request, "mcp-protocol-version");
	const json_t *meta = json_object_get(message->params, "_meta");

	if (json_object_get(meta, MCP_META "protocolVersion"))
		return true;
	return version && strcmp(version, MCP_MODERN) == 0;
}

static void serve_message(struct mcp_http *http, struct http_request *request,
			  const struct jsonrpc_message *message)
{
	struct mcp_session *session;

	if (is_modern(request, message)) {
		serve_alone(http, request, message);
	} else if (message->kind == JSONRPC_REQUEST && strcmp(message->method, "initialize") == 0) {
		initialize(http, request, message);
	} else {
		session = find_session(http, request);
		if (session)
			take_one(http, session, request, message);
	}
}

/* Of 2025-03-26 alone. Takes each; an answer to what is none of them ends the batch unread. */
static void take_batch(struct mcp_exchange *exchange, struct jsonrpc_message *messages, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (messages[i].kind == JSONRPC_REQUEST)
			exchange->n_open++;
	exchange->is_batch = exchange->is_in_hand = true;
	for (size_t i = 0; i < n; i++)
		mcp_take_message(&exchange->session->mcp, exchange, &messages[i]);
	if (!exchange->n_open && exchange->request)
		http_reply(TAKE(exchange->request), 202, NULL, NULL, 0);
	mcp_exchange_settle(exchange);
}

static int read_batch(const json_t *batch, struct jsonrpc_message *messages, struct error *err)
{
	size_t i;
	const json_t *item;

	json_array_foreach(batch, i, item)
	{
		CLEANUP(text) char *text = json_canonical(item);

		if (jsonrpc_parse(text, strlen(text), MCP_MESSAGE_MAX_BYTES, &messages[i], err) < 0)
			return err->code;
		if (messages[i].kind == JSONRPC_REQUEST &&
		    strcmp(messages[i].method, "initialize") == 0)
			return error_set(err, -EINVAL, "initialize comes alone");
	}
	return 0;
}

static void serve_batch(struct mcp_http *http, struct http_request *request, const json_t *batch)
{
	struct jsonrpc_message messages[MCP_MAX_CALLS] = { 0 };
	size_t n = json_array_size(batch);
	struct mcp_session *session = find_session(http, request);
	struct error err = { 0 };

	if (!session)
		return;
	if (strcmp(session->mcp.revision, "2025-03-26") != 0 || !n || n > MCP_MAX_CALLS)
		refuse(request, 400, "a batch is of 2025-03-26 alone, and of 1 to 64 messages");
	else if (read_batch(batch, messages, &err) < 0)
		refuse(request, 400, err.text);
	else
		take_batch(mcp_exchange_new(http, session, request), messages, n);
	for (size_t i = 0; i < n && i < MCP_MAX_CALLS; i++)
		jsonrpc_finish(&messages[i]);
}

static void serve_post(struct mcp_http *http, struct http_request *request)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	CLEANUP(json) json_t *batch = NULL;
	struct error err = { 0 }, ignored = { 0 };

	if (jsonrpc_parse(request->body, request->n_body, MCP_MESSAGE_MAX_BYTES, &message, &err) ==
	    0) {
		serve_message(http, request, &message);
		return;
	}
	/* What is refused for its depth is not looked into. */
	if (err.code == -EINVAL)
		batch = json_parse(request->body, request->n_body, MCP_MESSAGE_MAX_BYTES, &ignored);
	if (json_is_array(batch) && http_request_field(request, "mcp-session-id"))
		serve_batch(http, request, batch);
	else
		mcp_http_refuse(request, 400, message.id, (int)jsonrpc_code_of(&err), err.text);
}

static void serve_get(struct mcp_http *http, struct http_request *request)
{
	const char *last_event = http_request_field(request, "last-event-id");
	struct mcp_session *session = find_session(http, request);

	if (session && last_event)
		mcp_session_resume(session, request, last_event);
	else if (session)
		mcp_session_listen(session, request);
}

static void serve_delete(struct mcp_http *http, struct http_request *request)
{
	struct mcp_session *session = find_session(http, request);

	if (!session)
		return;
	mcp_session_end(session);
	http_reply(request, 204, NULL, NULL, 0);
}

void mcp_http_serve(struct mcp_http *http, struct http_request *request)
{
	const char *version = http_request_field(request, "mcp-protocol-version");
	bool deletes = strcmp(request->method, "DELETE") == 0;
	const char *why = NULL;
	unsigned status;

	if (strcmp(request->method, "POST") != 0 &&
	    ((strcmp(request->method, "GET") != 0 && !deletes) ||
	     (version && strcmp(version, MCP_MODERN) == 0))) {
		http_reply_header(request, "Allow", "POST, GET, DELETE");
		refuse(request, 405, "send messages by POST; GET and DELETE are of sessions");
		return;
	}
	status = deletes ? 0 : mcp_http_misfit(request, &why);
	if (status)
		refuse(request, status, why);
	else if (strcmp(request->method, "POST") == 0)
		serve_post(http, request);
	else if (deletes)
		serve_delete(http, request);
	else
		serve_get(http, request);
}
