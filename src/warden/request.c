#include "warden/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "warden/tidy.h"

struct request {
	struct call call;
	struct warden *warden;
	struct connection *connection; /* NULL once a durable call's client is gone */
	struct request *next;
	json_int_t id;                 /* the client's */
	json_int_t n_shown, n_dropped; /* pieces of progress, and those of them not sent */
	struct frame frame;
};

/* A client that asked for the answer of a durable call which still runs. */
struct waiter {
	struct connection *connection;
	struct waiter *next;
	json_int_t id;
	char call_id[SPOOL_ID_BYTES];
};

static struct request **list_of(struct request *request)
{
	return request->call.call_id ? &request->warden->durable : &request->connection->requests;
}

static void forget_request(struct request *request)
{
	struct request **at = list_of(request);
	struct connection *connection = request->call.call_id ? NULL : request->connection;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	frame_finish(&request->frame);
	free(request);
	if (connection)
		connection_release(connection);
}

/* --- durable calls whose answer is kept ------------------------------------------------- */

static int check_kept(const struct connection *connection, const char *call_id,
		      enum spool_state *state_out, struct error *err)
{
	const struct spool *spool = connection->warden->gate.spool;
	const struct spool_entry *entry = NULL;

	if (!spool)
		return error_set(err, -ENOTSUP, "this warden keeps no calls");
	if (spool_find(spool, call_id, state_out, &entry, err) < 0)
		return err->code;
	if (*state_out == SPOOL_FORGOTTEN)
		return error_set(err, -EALREADY, "the call '%s' was forgotten", call_id);
	if (!entry || !spool_is_of(entry, connection->caller.uid))
		return error_set(err, -ENOENT, "no call '%s' is kept", call_id);
	return 0;
}

static void send_kept(struct connection *connection, json_int_t id, const char *call_id)
{
	CLEANUP(frame) struct frame kept = { 0 };
	struct error err = { 0 };

	if (spool_load(connection->warden->gate.spool, call_id, &kept, &err) < 0) {
		connection_answer(connection, id, &err, NULL);
		return;
	}
	json_put(kept.header, "id", json_integer(id));
	json_put(kept.header, "already", json_string("finished"));
	connection_send(connection, json_incref(kept.header), kept.body, kept.n_body);
}

static void wait_for(struct connection *connection, json_int_t id, const char *call_id)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		abort();
	waiter->connection = connection;
	waiter->id = id;
	text_format(waiter->call_id, sizeof(waiter->call_id), "%s", call_id);
	waiter->next = connection->warden->waiters;
	connection->warden->waiters = waiter;
	connection_hold(connection);
}

/* Those of one connection (whatever they wait for), or of one call. */
static void end_waiters(struct warden *warden, const struct connection *connection,
			const char *call_id)
{
	struct waiter **at = &warden->waiters;

	while (*at) {
		struct waiter *waiter = *at;

		if (connection ? waiter->connection != connection
			       : strcmp(waiter->call_id, call_id) != 0) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		if (!connection)
			send_kept(waiter->connection, waiter->id, waiter->call_id);
		connection_release(waiter->connection);
		free(waiter);
	}
}

static void collect(struct connection *connection, const struct frame *frame)
{
	const char *call_id = json_get_text(frame->header, "call_id", "");
	json_int_t id = json_get_int(frame->header, "id", 0);
	enum spool_state state = SPOOL_UNKNOWN;
	struct error err = { 0 };

	if (check_kept(connection, call_id, &state, &err) == 0) {
		if (state == SPOOL_FINISHED) {
			send_kept(connection, id, call_id);
			return;
		}
		if (json_get_bool(frame->header, "wait", false) &&
		    connection->n_holds <= CONNECTION_MAX_CALLS) {
			wait_for(connection, id, call_id);
			return;
		}
		error_set(&err, -EALREADY, "the call '%s' still runs", call_id);
	}
	connection_answer(connection, id, &err, NULL);
}

/* --- calls ------------------------------------------------------------------------------ */

static void handle_answer(struct call *call, const struct answer *answer)
{
	struct request *request = container_of(call, struct request, call);
	struct warden *warden = request->warden;
	const char *result = answer->kept ? answer->kept->body : answer->result;
	size_t n_result = answer->kept ? answer->kept->n_body : answer->n_result;

	tidy_later(warden);
	if (request->connection) {
		json_t *header = answer_header(answer);

		json_put(header, "id", json_integer(request->id));
		if (call->call_id)
			json_put(header, "call_id", json_string(call->call_id));
		if (call->show)
			json_put(header, "progress_dropped", json_integer(request->n_dropped));
		connection_send(request->connection, header, result, n_result);
	}
	if (call->call_id && !answer->already)
		end_waiters(warden, NULL, call->call_id);
	forget_request(request);
}

static void handle_progress(struct call *call, const struct progress_piece *piece)
{
	struct request *request = container_of(call, struct request, call);
	json_t *header;

	request->n_shown++;
	if (!request->connection)
		return;
	if (connection_n_queued(request->connection) > REQUEST_PROGRESS_BYTES) {
		request->n_dropped++;
		return;
	}
	header = json_pack("{s:s, s:I, s:s, s:I, s:o}", "type", "progress", "id", request->id,
			   "stream", progress_stream_name(piece->stream), "seq", request->n_shown,
			   "text", json_text(piece->text.data, piece->text.len));
	if (call->call_id)
		json_put(header, "call_id", json_string(call->call_id));
	connection_send(request->connection, header, NULL, 0);
}

static uint64_t deadline_of(const json_t *header)
{
	json_int_t ms = json_get_int(header, "deadline_ms", 0);

	if (ms <= 0 || ms > INT32_MAX)
		return 0;
	return clock_monotonic_ns() + (uint64_t)ms * NS_PER_MS;
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/* Whom the caller speaks for, if it may: then it is the link, whoever it is itself. */
static int set_on_behalf(const struct connection *connection, struct request *request,
			 struct error *err)
{
	const char *on_behalf = json_get_text(request->frame.header, "on_behalf", NULL);
	struct caller *caller = &request->call.caller;

	if (!on_behalf)
		return 0;
	if (!policy_may_speak(connection->warden->gate.policy, caller))
		return error_set(err, -EPERM, "%s may not speak on behalf of others", caller->who);
	if (!on_behalf[0] || strlen(on_behalf) >= sizeof(caller->on_behalf) ||
	    !is_one_line(on_behalf))
		return error_set(err, -EINVAL, "'on_behalf' is 1 to %zu printable characters",
				 sizeof(caller->on_behalf) - 1);
	text_format(caller->on_behalf, sizeof(caller->on_behalf), "%s", on_behalf);
	return 0;
}

static int set_client(const struct connection *connection, struct request *request,
		      struct error *err)
{
	const json_t *header = request->frame.header;
	const char *client = json_get_text(header, "client", NULL);
	const char *application = json_get_text(header, "application", "");
	struct caller *caller = &request->call.caller;

	if (!client)
		return 0;
	if (!policy_may_speak(connection->warden->gate.policy, caller))
		return error_set(err, -EPERM, "%s may not speak for clients", caller->who);
	if (!caller_is_client(client) || (*application && !caller_is_client(application)) ||
	    caller->on_behalf[0] || request->call.call_id)
		return error_set(err, -EINVAL,
				 "'client' is 'token', 'registry', or certificate, key, oauth or "
				 "oauth-client with a name, of a call that is neither durable nor "
				 "another's");
	text_format(caller->client, sizeof(caller->client), "%s", client);
	text_format(caller->application, sizeof(caller->application), "%s", application);
	return 0;
}

static struct request *make_request(struct connection *connection, struct frame *frame)
{
	struct request *request = calloc(1, sizeof(*request));
	struct request **list;

	if (!request)
		abort();
	request->warden = connection->warden;
	request->connection = connection;
	request->id = json_get_int(frame->header, "id", 0);
	request->frame = *frame;
	*frame = (struct frame) { 0 };
	request->call = (struct call) {
		.caller = connection->caller,
		.tool = json_get_text(request->frame.header, "tool", ""),
		.args = request->frame.body,
		.n_args = request->frame.n_body,
		.nonce = json_get_text(request->frame.header, "nonce", NULL),
		.call_id = json_get_text(request->frame.header, "call_id", NULL),
		.signed_approval = json_object_get(request->frame.header, "approval"),
		.signed_grant = json_object_get(request->frame.header, "grant"),
		.must_ask = json_get_bool(request->frame.header, "must_ask", false),
		.deadline_ns = deadline_of(request->frame.header),
		.answer = handle_answer,
		.show = json_get_bool(request->frame.header, "progress", false) ? handle_progress
										: NULL,
	};
	list = list_of(request);
	request->next = *list;
	*list = request;
	if (!request->call.call_id)
		connection_hold(connection);
	return request;
}

static void start_call(struct connection *connection, struct frame *frame)
{
	struct error err = { 0 };
	struct request *request;

	/* One hold is that of the reader which called us. */
	if (connection->n_holds > CONNECTION_MAX_CALLS) {
		error_set(&err, -EBUSY, "%u calls of this client are open", CONNECTION_MAX_CALLS);
		connection_answer(connection, json_get_int(frame->header, "id", 0), &err, NULL);
		return;
	}
	request = make_request(connection, frame);
	if (set_on_behalf(connection, request, &err) < 0 ||
	    set_client(connection, request, &err) < 0) {
		connection_answer(connection, request->id, &err, NULL);
		forget_request(request);
		return;
	}
	gate_submit(&connection->warden->gate, &request->call);
}

static void cancel_own(struct connection *connection, json_int_t id)
{
	for (struct request *request = connection->requests; request; request = request->next) {
		if (request->id == id) {
			gate_cancel(&request->call);
			return;
		}
	}
}

static void cancel_durable(struct connection *connection, const char *call_id, json_int_t id)
{
	enum spool_state state = SPOOL_UNKNOWN;
	struct error err = { 0 };

	/* One that has ended needs no more of it. */
	if (check_kept(connection, call_id, &state, &err) == 0 && state == SPOOL_STARTED) {
		struct request *request = connection->warden->durable;

		while (request && strcmp(request->call.call_id, call_id) != 0)
			request = request->next;
		if (request)
			gate_cancel(&request->call);
	}
	connection_answer(connection, id, &err, NULL);
}

bool request_serve(struct connection *connection, const char *type, struct frame *frame)
{
	const char *call_id = json_get_text(frame->header, "call_id", NULL);
	json_int_t id = json_get_int(frame->header, "id", 0);

	if (strcmp(type, "call") == 0)
		start_call(connection, frame);
	else if (strcmp(type, "cancel") == 0 && call_id)
		cancel_durable(connection, call_id, id);
	else if (strcmp(type, "cancel") == 0)
		cancel_own(connection, id);
	else if (strcmp(type, "collect") == 0)
		collect(connection, frame);
	else
		return false;
	return true;
}

void request_leave_all(struct connection *connection)
{
	struct request *next;

	end_waiters(connection->warden, connection, NULL);
	for (struct request *at = connection->warden->durable; at; at = at->next)
		if (at->connection == connection)
			at->connection = NULL;
	for (struct request *request = connection->requests; request; request = next) {
		next = request->next;
		gate_cancel(&request->call);
	}
}
