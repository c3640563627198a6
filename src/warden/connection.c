#include "warden/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "warden/query.h"
#include "warden/request.h"
#include "warden/tidy.h"

#define FRAME_MAX_BYTES (8 + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES)

void connection_hold(struct connection *connection)
{
	connection->n_holds++;
}

void connection_release(struct connection *connection)
{
	struct warden *warden = connection->warden;

	connection->n_holds--;
	if (connection->stream || connection->n_holds)
		return;
	free(connection);
	warden->n_connections--;
	if (warden->connection_gone)
		warden->connection_gone(warden);
}

static void close_stream(struct connection *connection)
{
	if (!connection->stream)
		return;
	connection_hold(connection);
	bufferevent_free(connection->stream);
	connection->stream = NULL;
	request_leave_all(connection);
	connection_release(connection);
}

void connection_send(struct connection *connection, json_t *header, const void *body, size_t len)
{
	CLEANUP(buf) struct buf out = { 0 };

	if (connection->stream) {
		buf_init(&out, FRAME_MAX_BYTES);
		frame_encode(header, body, len, &out);
		(void)bufferevent_write(connection->stream, out.data, out.len);
	}
	json_decref(header);
}

void connection_answer_text(struct connection *connection, json_int_t id, const struct error *err,
			    const char *text)
{
	json_t *header =
		json_pack("{s:s, s:I, s:i}", "type", "answer", "id", id, "code", err->code);

	if (err->code)
		json_put(header, "error", json_text(err->text, strlen(err->text)));
	connection_send(connection, header, text, text ? strlen(text) : 0);
}

void connection_answer(struct connection *connection, json_int_t id, const struct error *err,
		       json_t *body)
{
	CLEANUP(text) char *text = body ? json_canonical(body) : NULL;

	connection_answer_text(connection, id, err, text);
	json_decref(body);
}

size_t connection_n_queued(const struct connection *connection)
{
	if (!connection->stream)
		return 0;
	return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

static void serve(struct connection *connection, struct frame *frame)
{
	const char *type = json_get_text(frame->header, "type", "");

	if (!request_serve(connection, type, frame))
		query_serve(connection, type, frame);
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

	tidy_later(connection->warden);
	connection_hold(connection); /* serving may end the last call */
	if (serve_input(connection, bufferevent_get_input(stream)) < 0)
		close_stream(connection);
	connection_release(connection);
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
