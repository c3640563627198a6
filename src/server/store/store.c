#include "server/store/store.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/store/check_internal.h"
#include "server/store/child_internal.h"
#include "server/store/queue_internal.h"
#include "server/store/wire.h"

#define LOOK_EVERY_MS 100 /* at deadlines, while there are any */
#define FIRST_RETRY_MS 100
#define LAST_RETRY_MS 5000
#define REAP_RETRY_MS 20
#define PATIENCE_NS (5 * NS_PER_SEC)
#define HANGS_NS (10 * NS_PER_SEC) /* a child so late is killed */
#define BACKUP_DEADLINE_NS (3600 * NS_PER_SEC)
#define TEXT_MAX_BYTES (4 * KIB)

struct store {
	struct event_base *base;
	struct store_config config;
	char *database;
	struct keeper keeper;
	struct child child;
	enum store_state state;
	struct error why; /* it is not ready */
	unsigned retry_ms;
	struct queue queue;
	struct event look, retry, refuse, keeper_ended;
};

static void set_timer(struct event *event, unsigned ms)
{
	const struct timeval wait = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	(void)event_add(event, &wait);
}

static void change(struct store *store, enum store_state state)
{
	store->state = state;
	if (store->config.changed)
		store->config.changed(state, state == STORE_READY ? NULL : &store->why,
				      store->config.data);
}

static void send_message(struct store *store, struct pending *pending)
{
	(void)bufferevent_write(store->child.stream, buf_text(&pending->message),
				pending->message.len);
	queue_sent(&store->queue, pending);
}

static void become_ready(struct store *store)
{
	store->why = (struct error) { 0 };
	store->retry_ms = FIRST_RETRY_MS;
	while (!TAILQ_EMPTY(&store->queue.waiting))
		send_message(store, TAILQ_FIRST(&store->queue.waiting));
	change(store, STORE_READY);
}

/* What the child had is in doubt, whoever waited before it may wait on. */
static void lose_child(struct store *store)
{
	struct error unknown = { .code = -EIO };

	child_kill(&store->child, &store->keeper);
	text_format(unknown.text, sizeof(unknown.text), "the outcome is unknown: %.400s",
		    store->why.text);
	set_timer(&store->retry, store->retry_ms);
	store->retry_ms *= 2;
	if (store->retry_ms > LAST_RETRY_MS)
		store->retry_ms = LAST_RETRY_MS;
	store->state = STORE_STARTING; /* before callbacks, which may submit */
	queue_fail(&store->queue, &store->queue.sent, &unknown);
	change(store, STORE_STARTING);
}

static void fail_for_good(struct store *store)
{
	child_kill(&store->child, &store->keeper);
	store->state = STORE_FAILED;
	queue_fail(&store->queue, &store->queue.sent, &store->why);
	queue_fail(&store->queue, &store->queue.waiting, &store->why);
	change(store, STORE_FAILED);
}

static bool handle_state(struct store *store, const struct wire_message *message)
{
	struct wire_failure failure;

	if (wire_decode_failure(message->body, &failure) < 0)
		return false;
	if (failure.code == 0) {
		become_ready(store);
		return true;
	}
	(void)error_set(&store->why, failure.code, "%s", failure.text);
	if (failure.finality == WIRE_FINAL)
		fail_for_good(store);
	else
		lose_child(store);
	return true;
}

static bool handle_failure(struct store *store, const struct wire_message *message)
{
	struct wire_failure failure;
	struct error err = { 0 };

	if (wire_decode_failure(message->body, &failure) < 0 || failure.code == 0)
		return false;
	(void)error_set(&err, failure.code, "%s", failure.text);
	return queue_answer(&store->queue, message->ticket, NULL, &err);
}

static bool handle_result(struct store *store, const struct wire_message *message)
{
	struct wire_result result;
	bool known;

	if (wire_decode_result(message->body, &result) < 0)
		return false;
	known = queue_answer(&store->queue, message->ticket, &result.result, NULL);
	wire_result_finish(&result);
	return known;
}

static bool handle_notice(struct store *store, const struct wire_message *message)
{
	const char *notice;

	if (wire_decode_text(message->body, &notice) < 0)
		return false;
	if (store->config.told)
		store->config.told(notice, store->config.data);
	return true;
}

static bool handle_message(struct store *store, const struct wire_message *message)
{
	switch (message->type) {
	case WIRE_NOTICE:
		return handle_notice(store, message);
	case WIRE_STATE:
		return handle_state(store, message);
	case WIRE_FAILURE:
		return handle_failure(store, message);
	case WIRE_RESULT:
		return handle_result(store, message);
	default:
		return false;
	}
}

static void handle_readable(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct store *store = data;
	size_t size;

	while (store->child.stream == stream && (size = child_next_message(&store->child)) > 0) {
		const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
		struct wire_message message;

		if (wire_decode(bytes, size, &message) != (ssize_t)size ||
		    !handle_message(store, &message)) {
			(void)error_set(&store->why, -EBADMSG, "constable-store talks nonsense");
			lose_child(store);
		} else if (store->child.stream == stream) {
			(void)evbuffer_drain(input, size);
		}
	}
}

static void handle_end(struct bufferevent *stream UNUSED, short what UNUSED, void *data)
{
	struct store *store = data;

	(void)error_set(&store->why, -EIO, "constable-store ended");
	lose_child(store);
}

static int start_child(struct store *store, struct error *err)
{
	CLEANUP(buf) struct buf hello = { 0 };
	int r = child_start(&store->child, store->base, &store->keeper, err);

	if (r < 0)
		return r;
	buf_init(&hello, TEXT_MAX_BYTES + KIB);
	wire_encode_text(&hello, WIRE_OPEN, 0, store->database);
	(void)bufferevent_write(store->child.stream, buf_text(&hello), hello.len);
	explicit_bzero(hello.data, hello.len);
	bufferevent_setcb(store->child.stream, handle_readable, NULL, handle_end, store);
	(void)bufferevent_enable(store->child.stream, EV_READ | EV_WRITE);
	return 0;
}

static void handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct store *store = data;
	struct error err = { 0 };

	/* A dead one may still hold the lock of its database. */
	if (!child_reap(&store->child)) {
		set_timer(&store->retry, REAP_RETRY_MS);
	} else if (start_child(store, &err) < 0) {
		store->why = err;
		if (err.code == -EPIPE)
			fail_for_good(store);
		else
			lose_child(store);
	}
}

/* Nobody could start or kill an owner any more: whoever started us starts us anew. */
static void handle_keeper(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct store *store = data;

	if (store->state == STORE_FAILED || !keeper_is_gone(&store->keeper))
		return;
	(void)event_del(&store->keeper_ended);
	(void)error_set(&store->why, -EPIPE, "what starts constable-store has ended");
	fail_for_good(store);
}

static int open_keeper(struct store *store, const char *executables, struct error *err)
{
	int r = child_open_keeper(&store->keeper, executables, err);

	(void)event_assign(&store->keeper_ended, store->base, store->keeper.fd,
			   EV_READ | EV_PERSIST, handle_keeper, store);
	return r == 0 && event_add(&store->keeper_ended, NULL) < 0 ? -ENOMEM : r;
}

static void handle_refuse(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct store *store = data;

	queue_answer_refused(&store->queue);
}

static void handle_look(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct store *store = data;
	uint64_t now_ns = clock_monotonic_ns();
	struct error late = { .code = -ETIMEDOUT };

	text_format(late.text, sizeof(late.text), "the database was not there in time: %.400s",
		    store->why.code ? store->why.text : "constable-store is starting");
	queue_expire(&store->queue, now_ns, &late);
	if (queue_is_late(&store->queue, now_ns, HANGS_NS)) {
		(void)error_set(&store->why, -EIO, "constable-store hung");
		lose_child(store);
	}
	if (store->queue.n > 0)
		set_timer(&store->look, LOOK_EVERY_MS);
}

struct store *store_new(struct event_base *base, const struct store_config *config,
			struct error *err)
{
	struct sigaction pipe = { 0 };
	struct store *store;

	assert(sigaction(SIGPIPE, NULL, &pipe) == 0 && pipe.sa_handler != SIG_DFL);
	if (strlen(config->database) > TEXT_MAX_BYTES || !config->database[0]) {
		(void)error_set(err, -EINVAL, "no usable name of a database");
		return NULL;
	}
	store = calloc(1, sizeof(*store));
	if (!store)
		abort();
	*store = (struct store) { .base = base, .config = *config, .retry_ms = FIRST_RETRY_MS };
	store->database = strdup(config->database);
	if (!store->database)
		abort();
	queue_init(&store->queue);
	(void)evtimer_assign(&store->look, base, handle_look, store);
	(void)evtimer_assign(&store->retry, base, handle_retry, store);
	(void)evtimer_assign(&store->refuse, base, handle_refuse, store);
	if (open_keeper(store, config->executables, err) == 0 && start_child(store, err) == 0)
		return store;
	store_free(store);
	return NULL;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	(void)event_del(&store->look);
	(void)event_del(&store->retry);
	(void)event_del(&store->refuse);
	if (store->keeper.pid > 0)
		(void)event_del(&store->keeper_ended);
	child_finish(&store->child, &store->keeper, PATIENCE_NS);
	keeper_close(&store->keeper);
	queue_finish(&store->queue);
	explicit_bzero(store->database, strlen(store->database));
	free(store->database);
	free(store);
}

void store_cleanup(struct store **store)
{
	store_free(*store);
}

static uint64_t refuse(struct store *store, const struct error *err, store_done *done, void *data)
{
	event_active(&store->refuse, EV_TIMEOUT, 0);
	return queue_refuse(&store->queue, err, done, data)->ticket;
}

/* Sends it now or when the database is there; looks at its deadline in any case. */
static uint64_t enqueue(struct store *store, struct pending *pending)
{
	uint64_t ticket = pending->ticket;

	if (!event_pending(&store->look, EV_TIMEOUT, NULL))
		set_timer(&store->look, LOOK_EVERY_MS);
	if (store->state == STORE_READY)
		send_message(store, pending);
	return ticket;
}

static int check_room(const struct store *store, size_t n_bytes, struct error *err)
{
	if (store->state == STORE_FAILED) {
		*err = store->why;
		return err->code;
	}
	return queue_check_room(&store->queue, n_bytes, err);
}

uint64_t store_submit(struct store *store, const struct store_batch *batch, store_done *done,
		      void *data)
{
	uint64_t wait_ns = batch->deadline_ns ? batch->deadline_ns : STORE_DEADLINE_NS;
	struct error err = { 0 };
	struct pending *pending;
	size_t n_bytes = 0;
	int r = batch_check(batch, &n_bytes, &err);

	if (r == 0)
		r = check_room(store, n_bytes, &err);
	if (r < 0)
		return refuse(store, &err, done, data);
	pending = queue_add(&store->queue, n_bytes, done, data);
	pending->deadline_ns = clock_monotonic_ns() + wait_ns;
	buf_init(&pending->message, WIRE_MAX_BYTES);
	wire_encode_batch(&pending->message, pending->ticket, batch, pending->deadline_ns);
	return enqueue(store, pending);
}

uint64_t store_backup(struct store *store, const char *path, store_done *done, void *data)
{
	struct error err = { 0 };
	struct pending *pending;

	if (strlen(path) > TEXT_MAX_BYTES)
		(void)error_set(&err, -ENAMETOOLONG, "the path of a backup is too long");
	else
		(void)check_room(store, TEXT_MAX_BYTES, &err);
	if (err.code != 0)
		return refuse(store, &err, done, data);
	pending = queue_add(&store->queue, TEXT_MAX_BYTES, done, data);
	pending->deadline_ns = clock_monotonic_ns() + BACKUP_DEADLINE_NS;
	buf_init(&pending->message, TEXT_MAX_BYTES + KIB);
	wire_encode_text(&pending->message, WIRE_BACKUP, pending->ticket, path);
	return enqueue(store, pending);
}

void store_forget(struct store *store, uint64_t ticket)
{
	queue_forget(&store->queue, ticket);
}

unsigned store_n_pending(const struct store *store)
{
	return store->queue.n + store->queue.n_refused;
}

enum store_state store_state(const struct store *store)
{
	return store->state;
}
