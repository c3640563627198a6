/* The life of a request: it waits for the client to be ready, is sent, and ends once. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mcp_client/question_internal.h"

#define REASON_BYTES 200

void mcp_request_free(struct mcp_request *request)
{
	struct mcp_client *client = request->client;

	TAILQ_REMOVE(&client->requests, request, link);
	client->n_requests--;
	if (request->call)
		courier_cancel(request->call);
	if (request->deadline)
		event_free(request->deadline);
	if (request->again)
		event_free(request->again);
	mcp_request_forget_questions(request);
	mcp_answer_finish(&request->answer);
	json_decref(request->order.params);
	json_decref(request->schema);
	json_decref(request->result);
	json_decref(request->error_data);
	json_decref(request->state);
	free(request);
}

static void tell(struct mcp_request *request, const struct mcp_outcome *outcome)
{
	void (*done)(const struct mcp_outcome *outcome, void *data) = request->order.done;
	void *data = request->order.data;
	CLEANUP(json) json_t *result UNUSED = TAKE(request->result);
	CLEANUP(json) json_t *error_data UNUSED = TAKE(request->error_data);

	mcp_request_free(request);
	done(outcome, data);
}

/* One that was refused, or never got there, has not. */
static bool may_have_run(const struct mcp_request *request)
{
	static const int before[] = { -EINVAL,       -EACCES,       -ENOENT,
				      -ECONNREFUSED, -EHOSTUNREACH, -EKEYREJECTED };

	if (!request->err.code || request->code || !request->is_sent)
		return false;
	if (request->n_resumes)
		return true; /* it was taken on: the status is of what asked for the rest */
	for (size_t i = 0; i < ARRAY_LEN(before) && !request->status; i++)
		if (request->err.code == before[i])
			return false;
	return request->status < 300 || request->status >= 500;
}

void mcp_request_finish(struct mcp_request *request)
{
	const struct error err = request->err;
	const struct mcp_outcome outcome = {
		.result = err.code ? NULL : request->result,
		.err = err.code ? &err : NULL,
		.code = request->code,
		.data = request->error_data,
		.status = request->status,
		.may_have_run = may_have_run(request),
	};

	tell(request, &outcome);
}

void mcp_request_fail(struct mcp_request *request, int code, const char *format, ...)
{
	char text[REASON_BYTES + 256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *at = text; *at; at++) /* some of it is what a server said */
		*at = *at >= ' ' && *at <= '~' ? *at : '?';
	error_set(&request->err, code, "%s: %s", request->client->host, text);
	mcp_request_finish(request);
}

void mcp_request_refuse(struct mcp_request *request, int code, const char *sentence)
{
	const struct timeval now = { 0 };

	error_set(&request->err, code, "%s: %s", request->client->host, sentence);
	request->is_sent = false;
	if (event_add(request->deadline, &now) < 0)
		abort();
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct mcp_request *request = data;

	if (request->err.code) { /* it was refused at once */
		mcp_request_finish(request);
		return;
	}
	error_set(&request->err, -ETIMEDOUT, "%s: no answer in time", request->client->host);
	request->is_over = true;
	mcp_request_cancel(request);
}

static void arm(struct mcp_request *request, uint64_t wait_ns)
{
	const struct timeval wait = {
		.tv_sec = (time_t)(wait_ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(wait_ns % NS_PER_SEC / 1000),
	};

	request->due_ns = clock_monotonic_ns() + wait_ns;
	if (event_add(request->deadline, &wait) < 0)
		abort();
}

void mcp_request_pause(struct mcp_request *request)
{
	uint64_t now_ns = clock_monotonic_ns();

	request->is_paused = true;
	request->left_ns = request->due_ns > now_ns ? request->due_ns - now_ns : 0;
	(void)event_del(request->deadline);
}

void mcp_request_go_on(struct mcp_request *request)
{
	if (TAKE(request->is_paused))
		arm(request, request->left_ns);
}

/* Internal ones go before those that wait for them. */
struct mcp_request *mcp_client_order(struct mcp_client *client, const struct mcp_order *order,
				     bool is_internal)
{
	struct mcp_request *request = calloc(1, sizeof(*request));

	if (!request)
		abort();
	*request = (struct mcp_request) { .client = client,
					  .order = *order,
					  .is_internal = is_internal };
	if (!request->order.params)
		request->order.params = json_object();
	request->schema = order->schema ? json_deep_copy(order->schema) : NULL;
	request->order.schema = NULL;
	request->deadline = event_new(client->config.base, -1, 0, handle_deadline, request);
	if (!request->deadline)
		abort();
	if (is_internal)
		TAILQ_INSERT_HEAD(&client->requests, request, link);
	else
		TAILQ_INSERT_TAIL(&client->requests, request, link);
	client->n_requests++;
	if (client->n_requests > MCP_CLIENT_MAX_OPEN) {
		mcp_request_refuse(request, -EBUSY, "too many requests at once");
		return request;
	}
	arm(request, order->total_ns ? order->total_ns : MCP_CLIENT_REQUEST_NS);
	if (is_internal || client->state == MCP_CLIENT_READY)
		mcp_request_send(request);
	return request;
}

struct mcp_request *mcp_client_request(struct mcp_client *client, const struct mcp_order *order)
{
	struct mcp_request *request = mcp_client_order(client, order, false);

	mcp_client_begin(client);
	return request;
}

void mcp_request_send(struct mcp_request *request)
{
	request->id = ++request->client->last_id;
	request->is_sent = true;
	mcp_request_post(request);
}

/* The next that waits; those that are sent or refused do not. */
static struct mcp_request *find_waiting(const struct mcp_client *client)
{
	struct mcp_request *request;

	TAILQ_FOREACH(request, &client->requests, link)
	if (!request->is_sent && !request->err.code)
		return request;
	return NULL;
}

void mcp_client_send_waiting(struct mcp_client *client)
{
	struct mcp_request *request;

	while ((request = find_waiting(client)))
		mcp_request_send(request);
}

void mcp_client_fail_waiting(struct mcp_client *client, const struct mcp_outcome *outcome)
{
	const struct error err = *outcome->err;
	struct mcp_request *request;

	while ((request = find_waiting(client))) {
		request->err = err;
		request->status = outcome->status;
		mcp_request_finish(request);
	}
}

/* In sessions by a message; else the server sees that its stream is closed. */
static void tell_server(const struct mcp_request *request)
{
	struct mcp_client *client = request->client;

	if (client->is_modern || !request->is_sent || request->is_internal)
		return;
	mcp_client_note(client,
			jsonrpc_format_notification(
				"notifications/cancelled",
				json_pack("{s:I, s:s}", "requestId", request->id, "reason",
					  request->is_over ? "no answer in time" : "not wanted")),
			"notifications/cancelled", NULL);
}

void mcp_request_cancel(struct mcp_request *request)
{
	if (!request->err.code || request->is_over)
		tell_server(request);
	if (request->is_over)
		mcp_request_finish(request);
	else if (request->is_hearing)
		request->is_dropped = true;
	else
		mcp_request_free(request);
}
