#include "warden/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/approval.h"
#include "call/frame.h"
#include "tools/catalogue.h"

#define FRAME_MAX_BYTES (8 + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES)

struct connection {
	struct warden *warden;
	struct bufferevent *stream; /* NULL once the client is gone */
	struct caller caller;
	struct request *requests;
	unsigned n_requests;
};

/* One open call of the client. */
struct request {
	struct call call;
	struct connection *connection;
	struct request *next;
	json_int_t id; /* the client's */
	struct frame frame;
};

static void release_if_done(struct connection *connection)
{
	struct warden *warden = connection->warden;

	if (connection->stream || connection->n_requests)
		return;
	free(connection);
	warden->n_connections--;
	if (warden->connection_gone)
		warden->connection_gone(warden);
}

static void close_stream(struct connection *connection)
{
	struct request *next;

	if (!connection->stream)
		return;
	bufferevent_free(connection->stream);
	connection->stream = NULL;
	connection->n_requests++; /* holds the connection while calls answer */
	for (struct request *request = connection->requests; request; request = next) {
		next = request->next;
		gate_cancel(&request->call);
	}
	connection->n_requests--;
	release_if_done(connection);
}

static void send_frame(struct connection *connection, json_t *header, const void *body, size_t len)
{
	CLEANUP(buf) struct buf out = { 0 };

	if (connection->stream) {
		buf_init(&out, FRAME_MAX_BYTES);
		frame_encode(header, body, len, &out);
		(void)bufferevent_write(connection->stream, out.data, out.len);
	}
	json_decref(header);
}

static json_t *answer_header(json_int_t id, const struct error *err)
{
	json_t *header =
		json_pack("{s:s, s:I, s:i}", "type", "answer", "id", id, "code", err->code);

	if (err->code)
		json_put(header, "error", json_text(err->text, strlen(err->text)));
	return header;
}

static void send_answer(struct connection *connection, json_int_t id, const struct error *err,
			json_t *body)
{
	CLEANUP(text) char *text = body ? json_canonical(body) : NULL;

	send_frame(connection, answer_header(id, err), text, text ? strlen(text) : 0);
	json_decref(body);
}

static json_t *list_walls(const struct answer *answer)
{
	json_t *layers = json_array();
	char name[64];

	for (unsigned i = 0; i < WALL_N; i++) {
		if (!(answer->walls & (1u << i)))
			continue;
		(void)snprintf(name, sizeof(name), "%s", sandbox_wall_name(1u << i));
		if ((1u << i) == WALL_LANDLOCK)
			(void)snprintf(name, sizeof(name), "landlock-%u", answer->landlock_abi);
		json_push(layers, json_string(name));
	}
	return layers;
}

static void forget_request(struct request *request)
{
	struct connection *connection = request->connection;
	struct request **at = &connection->requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	connection->n_requests--;
	frame_finish(&request->frame);
	free(request);
	release_if_done(connection);
}

static void handle_answer(struct call *call, const struct answer *answer)
{
	struct request *request = container_of(call, struct request, call);
	json_t *header = answer_header(request->id, &answer->err);

	json_put(header, "elapsed_ms", json_real((double)answer->elapsed_ns / NS_PER_MS));
	json_put(header, "cpu_ms", json_real((double)answer->cpu_ns / NS_PER_MS));
	json_put(header, "peak_memory_bytes", json_integer((json_int_t)answer->peak_memory_bytes));
	json_put(header, "layers", list_walls(answer));
	if (answer->result)
		json_put(header, "sha256", json_string(answer->sha256));
	if (answer->kind == ANSWER_PLAN)
		json_put(header, "plan", json_true());
	if (answer->approval)
		json_object_set(header, "approval", answer->approval);
	send_frame(request->connection, header, answer->result, answer->n_result);
	forget_request(request);
}

static void start_call(struct connection *connection, json_int_t id, struct frame *frame)
{
	struct error err = { 0 };
	struct request *request;

	if (connection->n_requests >= CONNECTION_MAX_CALLS) {
		error_set(&err, -EBUSY, "%u calls of this client are open", CONNECTION_MAX_CALLS);
		send_answer(connection, id, &err, NULL);
		return;
	}
	request = calloc(1, sizeof(*request));
	if (!request)
		abort();
	request->connection = connection;
	request->id = id;
	request->frame = *frame;
	*frame = (struct frame) { 0 };
	request->next = connection->requests;
	connection->requests = request;
	connection->n_requests++;
	request->call = (struct call) {
		.caller = connection->caller,
		.tool = json_get_text(request->frame.header, "tool", ""),
		.args = request->frame.body,
		.n_args = request->frame.n_body,
		.nonce = json_get_text(request->frame.header, "nonce", NULL),
		.answer = handle_answer,
	};
	gate_submit(&connection->warden->gate, &request->call);
}

static void cancel_call(struct connection *connection, json_int_t id)
{
	for (struct request *request = connection->requests; request; request = request->next) {
		if (request->id == id) {
			gate_cancel(&request->call);
			return;
		}
	}
}

static json_t *describe(const struct warden *warden)
{
	char head[AUDIT_HASH_TEXT_BYTES];
	uint64_t seq;

	audit_head(warden->gate.audit, &seq, head);
	return json_pack("{s:i, s:i, s:f, s:I, s:s, s:b, s:s}", "pid", (int)getpid(), "uid",
			 (int)geteuid(), "uptime_s",
			 (double)(clock_monotonic_ns() - warden->started_ns) / NS_PER_SEC,
			 "audit_seq", (json_int_t)seq, "audit_head", head, "audit_on_reserve",
			 audit_is_on_reserve(warden->gate.audit), "state_dir", warden->state_dir);
}

static json_t *verify(struct warden *warden, struct error *err)
{
	json_t *report = json_object();

	if (audit_sync(warden->gate.audit, err) < 0 ||
	    audit_verify(warden->state_dir, report, err) < 0) {
		json_decref(report);
		return NULL;
	}
	return report;
}

static void serve(struct connection *connection, struct frame *frame)
{
	struct warden *warden = connection->warden;
	const char *type = json_get_text(frame->header, "type", "");
	const char *nonce = json_get_text(frame->header, "nonce", "");
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct error err = { 0 };
	json_t *body = NULL;
	int r = 0;

	if (strcmp(type, "call") == 0) {
		start_call(connection, id, frame);
		return;
	}
	if (strcmp(type, "cancel") == 0) {
		cancel_call(connection, id);
		return;
	}
	if (strcmp(type, "tools") == 0)
		body = catalogue_json(warden->gate.catalogue);
	else if (strcmp(type, "status") == 0)
		body = describe(warden);
	else if (strcmp(type, "verify") == 0)
		body = verify(warden, &err);
	else if (strcmp(type, "approvals") == 0)
		body = approvals_list(warden->gate.approvals);
	else if (strcmp(type, "approve") == 0)
		r = approvals_grant(warden->gate.approvals, &connection->caller, nonce, &err);
	else
		r = error_set(&err, -ENOSYS, "no request of type '%s'", type);
	send_answer(connection, id, &err, r < 0 ? NULL : body);
}

/* Serves every whole frame that has arrived; -1 once the client must go. */
static int serve_input(struct connection *connection, struct evbuffer *input)
{
	for (;;) {
		CLEANUP(frame) struct frame frame = { 0 };
		size_t len = evbuffer_get_length(input);
		struct error err = { 0 };
		ssize_t used;

		used = frame_decode((const char *)evbuffer_pullup(input, -1), len, &frame, &err);
		if (used < 0)
			log_warn("%s: %s", connection->caller.who, err.text);
		if (used <= 0)
			return used < 0 ? -1 : 0;
		(void)evbuffer_drain(input, (size_t)used);
		serve(connection, &frame);
		if (!connection->stream)
			return 0;
	}
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct connection *connection = data;

	connection->n_requests++; /* serving may end the last call */
	if (serve_input(connection, bufferevent_get_input(stream)) < 0)
		close_stream(connection);
	connection->n_requests--;
	release_if_done(connection);
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		close_stream(data);
}

/* Not by getpwuid(): that loads the host's NSS modules, which talk to the network. */
static void describe_user(uid_t uid, char *text, size_t size)
{
	FILE *users = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (users && (user = fgetpwent(users)) && user->pw_uid != uid)
		;
	if (user)
		(void)snprintf(text, size, "uid %u (%s)", (unsigned)uid, user->pw_name);
	else
		(void)snprintf(text, size, "uid %u", (unsigned)uid);
	if (users)
		(void)fclose(users);
}

static int identify(int fd, struct caller *caller, struct error *err)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return error_errno(err, "ask who the client is");
	*caller = (struct caller) { .uid = peer.uid, .gid = peer.gid, .pid = peer.pid };
	describe_user(peer.uid, caller->who, sizeof(caller->who));
	return 0;
}

int connection_start(struct warden *warden, int fd, struct error *err)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int r;

	if (!connection)
		abort();
	connection->warden = warden;
	r = identify(fd, &connection->caller, err);
	if (r < 0) {
		free(connection);
		(void)close(fd);
		return r;
	}
	(void)evutil_make_socket_nonblocking(fd);
	connection->stream = bufferevent_socket_new(warden->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection->stream)
		abort();
	bufferevent_setcb(connection->stream, handle_read, NULL, handle_event, connection);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, FRAME_MAX_BYTES);
	(void)bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
	warden->n_connections++;
	return 0;
}
