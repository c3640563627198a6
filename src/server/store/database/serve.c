#include "server/store/database/serve_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define GROUP_MAX 1024
#define READ_BYTES (256 * KIB)
/* Beyond, the peer waits; one message always fits. */
#define INPUT_MAX_BYTES (WIRE_MAX_BYTES + 8 * MIB)
#define GROUP_MAX_BYTES (8 * MIB)
/* Two results, since one that is too large is noticed a row late, and the failures. */
#define OUTPUT_MAX_BYTES (GROUP_OUTPUT_BYTES + 2 * WIRE_MAX_BYTES + STORE_MAX_TEXT_BYTES + 2 * MIB)

struct service {
	struct group group;
	int fd;
	struct buf in, out;
	size_t at; /* of 'in': what was taken */
	uint64_t backup;
	enum {
		BACKUP_NONE,
		BACKUP_RUNS,
	} backup_state;
};

static void answer(struct service *service, uint64_t ticket, const struct error *err)
{
	struct wire_writer writer;

	if (err->code == 0) {
		wire_start_result(&writer, &service->out, ticket);
		wire_end_result(&writer);
		return;
	}
	wire_encode_failure(&service->out, WIRE_FAILURE, ticket,
			    &(struct wire_failure) { .code = err->code, .text = err->text });
}

static int send_answers(struct service *service, struct error *err)
{
	int r = fd_write_all(service->fd, buf_text(&service->out), service->out.len);

	buf_clear(&service->out);
	return r < 0 ? error_set(err, r, "answer the server: %s", strerrordesc_np(-r)) : 0;
}

/* Until the server has something to say, or the database is found to be away. */
static int wait_for_server(struct service *service, int timeout_ms, struct error *err)
{
	const struct group *group = &service->group;
	struct pollfd fds[] = {
		{ .fd = service->fd, .events = POLLIN },
		{ .fd = group->driver->watch(group->db), .events = POLLIN },
	};
	int ready = poll(fds, ARRAY_LEN(fds), timeout_ms);

	if (ready < 0 && errno != EINTR)
		return error_errno(err, "wait for the server");
	if (ready > 0 && fds[1].revents && group->driver->look(group->db, err) < 0)
		return err->code;
	return ready > 0 && fds[0].revents;
}

/* 1 with more bytes, or none where we only looked; 0 at the end. */
static int read_more(struct service *service, int timeout_ms, struct error *err)
{
	static char bytes[READ_BYTES];
	ssize_t n;
	int ready = wait_for_server(service, timeout_ms, err);

	if (ready <= 0)
		return ready < 0 ? ready : 1;
	n = read(service->fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n < 0 && errno != ECONNRESET)
		return error_errno(err, "read from the server");
	if (n <= 0)
		return 0;
	buf_add(&service->in, bytes, (size_t)n);
	return 1;
}

static void forget_taken(struct service *service)
{
	memmove(service->in.data, service->in.data + service->at, service->in.len - service->at);
	service->in.len -= service->at;
	service->at = 0;
}

static bool is_batch(const struct wire_message *message)
{
	return message->type == WIRE_BATCH || message->type == WIRE_QUESTION;
}

/* Takes batches that are there whole, up to the first other message; counts them. */
static int take_batches(struct service *service, struct wire_message *messages, unsigned *n_out,
			struct error *err)
{
	size_t n_bytes = 0;
	unsigned n = 0;

	while (n < GROUP_MAX && n_bytes < GROUP_MAX_BYTES) {
		ssize_t used = wire_decode(service->in.data + service->at,
					   service->in.len - service->at, &messages[n]);

		if (used < 0)
			return error_set(err, -EBADMSG, "the server sent no message");
		if (used == 0 || !is_batch(&messages[n]))
			break;
		service->at += (size_t)used;
		n_bytes += (size_t)used;
		n++;
	}
	*n_out = n;
	return 0;
}

static int start_backup(struct service *service, const struct wire_message *message,
			struct error *err)
{
	struct error own = { 0 };
	const char *path;

	if (message->type != WIRE_BACKUP || wire_decode_text(message->body, &path) < 0)
		return error_set(err, -EBADMSG, "the server sent an unknown message");
	if (service->group.driver->start_backup(service->group.db, path, &own) < 0) {
		answer(service, message->ticket, &own);
		return 0;
	}
	service->backup = message->ticket;
	service->backup_state = BACKUP_RUNS;
	return 0;
}

static void step_backup(struct service *service)
{
	struct error own = { 0 };

	if (service->backup_state != BACKUP_RUNS ||
	    service->group.driver->step_backup(service->group.db, &own) == 0)
		return;
	service->backup_state = BACKUP_NONE;
	answer(service, service->backup, &own);
}

/* Whatever is not a batch: 1 if there was one, 0 if none. */
static int take_other(struct service *service, struct error *err)
{
	struct wire_message message;
	ssize_t used = wire_decode(service->in.data + service->at, service->in.len - service->at,
				   &message);
	int r;

	if (used < 0)
		return error_set(err, -EBADMSG, "the server sent no message");
	if (used == 0 || is_batch(&message))
		return 0;
	r = start_backup(service, &message, err);
	service->at += (size_t)used;
	return r < 0 ? r : 1;
}

static int run_batches(struct service *service, const struct wire_message *messages, unsigned n,
		       struct error *err)
{
	while (n > 0) {
		struct error lost = { 0 };
		unsigned done = n;
		int r = group_run(&service->group, messages, &done, err);
		/* What was answered before it failed as well. */
		int sent = send_answers(service, &lost);

		if (r == 0 && sent < 0)
			*err = lost;
		if (r < 0 || sent < 0)
			return err->code;
		messages += done;
		n -= done;
	}
	return 0;
}

/* Questions go first, each kind in its order; counts them. */
static unsigned put_questions_first(struct wire_message *messages, unsigned n)
{
	static struct wire_message others[GROUP_MAX];
	unsigned n_questions = 0, n_others = 0;

	for (unsigned i = 0; i < n; i++) {
		if (messages[i].type == WIRE_QUESTION)
			messages[n_questions++] = messages[i];
		else
			others[n_others++] = messages[i];
	}
	memcpy(messages + n_questions, others, n_others * sizeof(*others));
	return n_questions;
}

/* What only asks is a transaction of its own: nothing of it has to reach the disk. */
static int run_all(struct service *service, struct wire_message *messages, unsigned n,
		   struct error *err)
{
	unsigned n_questions = put_questions_first(messages, n);
	int r = run_batches(service, messages, n_questions, err);

	return r < 0 ? r : run_batches(service, messages + n_questions, n - n_questions, err);
}

/* They come with whatever else the database says. */
static int pass_notices_on(struct service *service, struct error *err)
{
	const struct group *group = &service->group;
	char *notice = group->driver->take_notice(group->db);
	int r = 0;

	for (; notice; notice = group->driver->take_notice(group->db)) {
		if (r == 0 && strlen(notice) <= STORE_MAX_NOTICE_BYTES)
			wire_encode_text(&service->out, WIRE_NOTICE, 0, notice);
		free(notice);
		if (r == 0 && service->out.len > GROUP_OUTPUT_BYTES)
			r = send_answers(service, err);
	}
	return r;
}

static int work(struct service *service, struct error *err)
{
	static struct wire_message messages[GROUP_MAX];
	unsigned n = 0;
	int more = 1;

	while (more > 0) {
		int r = take_batches(service, messages, &n, err);

		if (r == 0)
			r = run_all(service, messages, n, err);
		if (r < 0)
			return r;
		more = n > 0 ? 1 : take_other(service, err);
	}
	if (more < 0)
		return more;
	step_backup(service);
	more = pass_notices_on(service, err);
	return more < 0 ? more : send_answers(service, err);
}

static int loop(struct service *service, struct error *err)
{
	for (;;) {
		int r = read_more(service, service->backup_state == BACKUP_RUNS ? 0 : -1, err);

		if (r <= 0)
			return r;
		r = work(service, err);
		if (r < 0)
			return r;
		forget_taken(service);
	}
}

int serve(const struct driver *driver, struct database *db, int fd, struct error *err)
{
	struct service *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		abort();
	*service = (struct service) { .group = { .driver = driver, .db = db }, .fd = fd };
	buf_init(&service->in, INPUT_MAX_BYTES);
	buf_init(&service->out, OUTPUT_MAX_BYTES);
	buf_add(&service->in, "", 0);
	service->group.out = &service->out;
	r = loop(service, err);
	buf_finish(&service->in);
	buf_finish(&service->out);
	free(service);
	return r;
}
