/* How requests travel: by POST, their answers as one body or a stream, which may be gone on with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mcp_client/envelope.h"
#include "mcp_client/question_internal.h"

#define RESUME_NS (1 * NS_PER_SEC) /* where the server says nothing */
#define MAX_RESUME_NS (30 * NS_PER_SEC)

/* --- bodies ------------------------------------------------------------------------------ */

static json_t *meta_of(const struct mcp_request *request)
{
	json_t *meta = json_object();

	if (request->client->is_modern) {
		json_put(meta, "io.modelcontextprotocol/protocolVersion",
			 json_string(request->client->version));
		json_put(meta, "io.modelcontextprotocol/clientCapabilities",
			 json_pack("{s:{s:{}, s:{}}}", "elicitation", "form", "url"));
		json_put(
			meta, "io.modelcontextprotocol/clientInfo",
			json_pack("{s:s, s:s}", "name", "constable", "version", CONSTABLE_VERSION));
	}
	if (request->order.progress)
		json_put(meta, "progressToken", json_integer(request->id));
	return meta;
}

/* What was asked back is answered in the request that is sent again (2026-07-28). */
static void put_answers(const struct mcp_request *request, json_t *params)
{
	json_t *answers = json_object();

	for (unsigned i = 0; i < request->n_questions; i++) {
		const char *key = json_string_value(request->questions[i].key);

		if (key && request->questions[i].answer)
			json_put(answers, key, json_incref(request->questions[i].answer));
	}
	if (json_object_size(answers))
		json_put(params, "inputResponses", json_incref(answers));
	json_decref(answers);
	if (request->state)
		json_put(params, "requestState", json_incref(request->state));
}

static char *body_of(const struct mcp_request *request)
{
	CLEANUP(json) json_t *id = json_integer(request->id);
	json_t *params = json_copy(request->order.params), *meta = meta_of(request);

	if (json_object_size(meta))
		json_put(params, "_meta", meta);
	else
		json_decref(meta);
	put_answers(request, params);
	return jsonrpc_format_request(id, request->order.method, params);
}

/* --- one exchange ------------------------------------------------------------------------ */

static int handle_message(struct mcp_answer *answer, const struct jsonrpc_message *message,
			  struct error *err)
{
	return mcp_request_hear(container_of(answer, struct mcp_request, answer), message, err);
}

/* Visible ASCII, as a header can carry it back. */
static void take_session(struct mcp_request *request, const char *session)
{
	struct mcp_client *client = request->client;
	size_t len = session ? strlen(session) : 0;

	if (strcmp(request->order.method, "initialize") != 0 || !len || len >= MCP_SESSION_BYTES)
		return;
	for (size_t i = 0; i < len; i++)
		if (session[i] < '!' || session[i] > '~')
			return;
	text_copy(client->session, sizeof(client->session), session);
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct mcp_request *request = data;

	request->status = head->status;
	mcp_request_take_challenge(request, head);
	take_session(request, mcp_head_value(head, "mcp-session-id"));
	mcp_answer_finish(&request->answer);
	mcp_answer_init(&request->answer, mcp_head_value(head, "content-type"),
			request->client->config.max_bytes, handle_message);
}

static void settle(struct mcp_request *request)
{
	if (request->call)
		courier_cancel(TAKE(request->call));
	mcp_request_settle(request);
}

/* What comes of bytes, or with NULL of their end. -ESTALE: the request is no more. */
static int read_answer(struct mcp_request *request, const char *bytes, size_t len,
		       struct error *err)
{
	int r;

	request->is_hearing = true;
	r = bytes ? mcp_answer_feed(&request->answer, bytes, len, err)
		  : mcp_answer_end(&request->answer, err);
	request->is_hearing = false;
	if (!request->is_dropped)
		return r;
	mcp_request_free(request);
	return -ESTALE;
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct mcp_request *request = data;
	struct error err = { 0 };
	int r = read_answer(request, bytes, len, &err);

	if (r == 0 || r == -ESTALE)
		return;
	if (request->is_over) {
		settle(request);
		return;
	}
	courier_cancel(TAKE(request->call));
	mcp_request_fail(request, err.code, "%s", err.text);
}

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	mcp_request_resume(data);
}

/* The server said that it can be asked for the rest; false where it did not. */
static bool go_on(struct mcp_request *request)
{
	const struct sse_parser *stream = &request->answer.stream;
	struct mcp_client *client = request->client;
	size_t n_id = strlen(stream->id);
	uint64_t wait_ns;
	struct timeval wait;

	if (n_id && n_id < SSE_NAME_BYTES - 1)
		text_copy(request->last_event, sizeof(request->last_event), stream->id);
	if (stream->retry_ns)
		request->retry_ns = stream->retry_ns;
	if (client->is_modern || !*request->last_event ||
	    request->n_resumes++ == MCP_CLIENT_MAX_RESUMES)
		return false;
	wait_ns = request->retry_ns ? request->retry_ns : RESUME_NS;
	if (wait_ns > MAX_RESUME_NS)
		wait_ns = MAX_RESUME_NS;
	wait = (struct timeval) { .tv_sec = (time_t)(wait_ns / NS_PER_SEC),
				  .tv_usec = (suseconds_t)(wait_ns % NS_PER_SEC / 1000) };
	if (!request->again)
		request->again = event_new(client->config.base, -1, 0, handle_again, request);
	if (!request->again || event_add(request->again, &wait) < 0)
		abort();
	return true;
}

/*
 * Its session is not there any more: another one is begun, and it is sent once more; but not where
 * the server had taken it on before, which would be doing it twice.
 */
static bool begin_again(struct mcp_request *request)
{
	struct mcp_client *client = request->client;

	if (request->status != 404 || client->is_modern || !*client->session ||
	    request->is_internal || request->has_begun_again || request->n_resumes)
		return false;
	request->has_begun_again = true;
	request->is_sent = false;
	mcp_request_drop_questions(request);
	request->last_event[0] = '\0';
	if (client->state != MCP_CLIENT_BEGINNING) { /* by another request */
		client->state = MCP_CLIENT_NEW;
		client->session[0] = '\0';
		mcp_client_begin(client);
	}
	return true;
}

static void judge_status(struct mcp_request *request)
{
	unsigned status = request->status;

	if (status == 401 || status == 403)
		mcp_request_fail(
			request, -EACCES,
			"it wants other credentials (%u): those that it is asked with have "
			"expired, or are not for it",
			status);
	else if (status >= 300 && status < 400)
		mcp_request_fail(request, -EREMOTEIO,
				 "it sends elsewhere (%u), which is not followed", status);
	else if (status >= 400)
		mcp_request_fail(request, -EREMOTEIO, "it answered %u", status);
	else if (request->answer.kind == MCP_ANSWER_STREAM)
		mcp_request_fail(request, -ECONNRESET, "its stream ended without an answer");
	else
		mcp_request_fail(request, -EBADMSG, "it answered %u without a message", status);
}

/* Also of an error's body, which may be a message or anything. */
static void handle_end(const struct error *err, void *data)
{
	struct mcp_request *request = data;
	struct error why = { 0 };
	bool is_stream = request->answer.kind == MCP_ANSWER_STREAM && request->status < 300;
	int r;

	request->call = NULL;
	if (is_stream && (!err || err->code != -E2BIG) && go_on(request))
		return;
	if (err) {
		mcp_request_fail(request, err->code, "%s", err->text);
		return;
	}
	r = request->status == 202 ? 0 : read_answer(request, NULL, 0, &why);
	if (r == -ESTALE)
		return;
	if (request->is_over)
		settle(request);
	else if (mcp_request_may_renew(request))
		mcp_request_renew(request);
	else if (begin_again(request))
		return;
	else if (r < 0 && request->status < 300)
		mcp_request_fail(request, why.code, "%s", why.text);
	else
		judge_status(request);
}

static const struct mcp_ear requests = {
	.handlers = { .head = handle_head, .body = handle_body, .end = handle_end },
	.patience_ns = 86400 * NS_PER_SEC, /* a request's own deadline is shorter */
};

void mcp_request_post(struct mcp_request *request)
{
	struct mcp_client *client = request->client;
	CLEANUP(mcp_envelope) struct mcp_envelope envelope = { 0 };
	CLEANUP(text) char *body = body_of(request);

	mcp_answer_finish(&request->answer);
	request->status = 0;
	mcp_envelope_address(&envelope, client, request->order.method);
	if (client->is_modern)
		mcp_envelope_mirror(&envelope, request);
	if (envelope.is_too_long)
		mcp_request_refuse(request, -E2BIG, "an argument is too long for its header");
	else
		request->call =
			mcp_envelope_send(client, "POST", &envelope, body, &requests, request);
}

void mcp_request_resume(struct mcp_request *request)
{
	CLEANUP(mcp_envelope) struct mcp_envelope envelope = { 0 };

	mcp_envelope_address(&envelope, request->client, NULL);
	mcp_envelope_put(&envelope, "Last-Event-ID", request->last_event);
	request->call =
		mcp_envelope_send(request->client, "GET", &envelope, NULL, &requests, request);
}
