/*
 * What a server wants of a person in the middle of a request: in sessions a request of its own, in
 * 2026-07-28 a result that asks, after which the request is sent again with the answers.
 */
#include <errno.h>
#include <string.h>

#include "mcp_client/question_internal.h"

void mcp_request_forget_questions(struct mcp_request *request)
{
	for (unsigned i = 0; i < request->n_questions; i++) {
		json_decref(request->questions[i].key);
		json_decref(request->questions[i].params);
		json_decref(request->questions[i].answer);
	}
	memset(request->questions, 0, sizeof(request->questions));
	request->n_questions = 0;
}

/* Takes 'key'; false where there is no room. */
static bool add(struct mcp_request *request, json_t *key, const json_t *params)
{
	if (request->n_questions == MCP_MAX_QUESTIONS) {
		json_decref(key);
		return false;
	}
	request->questions[request->n_questions++] = (struct mcp_pending_question) {
		.serial = ++request->last_serial,
		.key = key,
		.params = json_is_object(params) ? json_deep_copy(params) : json_object(),
	};
	return true;
}

/* While a person thinks, the request's time stands still. */
static bool is_asking(const struct mcp_request *request)
{
	for (unsigned i = 0; i < request->n_questions; i++)
		if (request->questions[i].is_put)
			return true;
	return false;
}

void mcp_request_drop_questions(struct mcp_request *request)
{
	bool was_asking = is_asking(request);

	mcp_request_forget_questions(request);
	mcp_request_go_on(request);
	if (was_asking && request->order.forgotten)
		request->order.forgotten(request->order.data);
}

static void put_question(struct mcp_request *request, struct mcp_pending_question *pending)
{
	const struct mcp_question question = {
		.request = request,
		.serial = pending->serial,
		.params = pending->params,
	};

	if (!request->order.ask) {
		mcp_request_answer(request, pending->serial, "decline", NULL);
		return;
	}
	if (!request->is_paused)
		mcp_request_pause(request);
	pending->is_put = true;
	request->order.ask(&question, request->order.data);
}

void mcp_request_ask(struct mcp_request *request, const struct jsonrpc_message *message)
{
	if (++request->n_rounds > MCP_CLIENT_MAX_ROUNDS ||
	    !add(request, json_deep_copy(message->id), message->params)) {
		mcp_client_note(request->client,
				jsonrpc_format_error(message->id, JSONRPC_INVALID_REQUEST,
						     "it asked too often", NULL),
				NULL, NULL);
		return;
	}
	put_question(request, &request->questions[request->n_questions - 1]);
}

/* Kinds that were not announced have no answer. */
static bool add_all(struct mcp_request *request, const json_t *wanted)
{
	const char *key;
	json_t *one;

	json_object_foreach((json_t *)(uintptr_t)wanted, key, one)
	{
		if (strcmp(json_get_text(one, "method", ""), "elicitation/create") != 0 ||
		    !add(request, json_string(key), json_object_get(one, "params")))
			return false;
	}
	return true;
}

static void send_again(struct mcp_request *request)
{
	for (unsigned i = 0; i < request->n_questions; i++)
		if (request->questions[i].params)
			return;
	mcp_request_send(request);
	mcp_request_forget_questions(request);
	json_decref(TAKE(request->state));
}

void mcp_request_ask_all(struct mcp_request *request, const json_t *result)
{
	unsigned n;

	request->is_over = false;
	mcp_request_forget_questions(request);
	if (++request->n_rounds > MCP_CLIENT_MAX_ROUNDS) {
		mcp_request_fail(request, -ELOOP, "it asked back too often");
		return;
	}
	request->state = json_incref(json_object_get(result, "requestState"));
	if (!add_all(request, json_object_get(result, "inputRequests"))) {
		mcp_request_fail(request, -EBADMSG, "it asks for what nobody here can give");
		return;
	}
	n = request->n_questions;
	if (n == 0)
		send_again(request);
	for (unsigned i = 0; i < n; i++)
		put_question(request, &request->questions[i]);
}

static void say(struct mcp_request *request, struct mcp_pending_question *question)
{
	if (request->client->is_modern) {
		send_again(request);
		return;
	}
	mcp_client_note(request->client,
			jsonrpc_format_result(question->key, json_incref(question->answer)), NULL,
			NULL);
}

static struct mcp_pending_question *find(struct mcp_request *request, unsigned serial)
{
	for (unsigned i = 0; i < request->n_questions; i++)
		if (request->questions[i].serial == serial && request->questions[i].params)
			return &request->questions[i];
	return NULL;
}

void mcp_request_answer(struct mcp_request *request, unsigned serial, const char *action,
			json_t *content)
{
	struct mcp_pending_question *question = find(request, serial);
	CLEANUP(json) json_t *params = NULL;
	CLEANUP(json) json_t *entered = content;

	if (!question)
		return;
	params = TAKE(question->params);
	if (TAKE(question->is_put) && !is_asking(request))
		mcp_request_go_on(request);
	question->answer = json_pack("{s:s}", "action", action);
	if (strcmp(action, "accept") == 0 &&
	    strcmp(json_get_text(params, "mode", "form"), "form") == 0)
		json_put(question->answer, "content", entered ? TAKE(entered) : json_object());
	say(request, question);
}
