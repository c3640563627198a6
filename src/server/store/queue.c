#include "server/store/queue_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void queue_init(struct queue *queue)
{
	*queue = (struct queue) { 0 };
	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->sent);
	TAILQ_INIT(&queue->refused);
}

static void pending_free(struct pending *pending)
{
	buf_finish(&pending->message);
	free(pending->err);
	free(pending);
}

static void free_list(struct pendings *list)
{
	while (!TAILQ_EMPTY(list)) {
		struct pending *pending = TAILQ_FIRST(list);

		TAILQ_REMOVE(list, pending, link);
		pending_free(pending);
	}
}

void queue_finish(struct queue *queue)
{
	free_list(&queue->waiting);
	free_list(&queue->sent);
	free_list(&queue->refused);
}

static bool has_room(const struct queue *queue, size_t n_bytes)
{
	return queue->n < STORE_MAX_PENDING && n_bytes <= STORE_MAX_PENDING_BYTES &&
	       queue->n_bytes <= STORE_MAX_PENDING_BYTES - n_bytes;
}

int queue_check_room(const struct queue *queue, size_t n_bytes, struct error *err)
{
	if (has_room(queue, n_bytes))
		return 0;
	return error_set(err, -EBUSY, "the database is behind: %u batches wait", queue->n);
}

static struct pending *pending_new(struct queue *queue, store_done *done, void *data)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (!pending)
		abort();
	pending->ticket = ++queue->last_ticket;
	pending->done = done;
	pending->data = data;
	return pending;
}

struct pending *queue_add(struct queue *queue, size_t n_bytes, store_done *done, void *data)
{
	struct pending *pending = pending_new(queue, done, data);

	assert(has_room(queue, n_bytes));
	pending->n_bytes = n_bytes;
	queue->n++;
	queue->n_bytes += n_bytes;
	TAILQ_INSERT_TAIL(&queue->waiting, pending, link);
	return pending;
}

struct pending *queue_refuse(struct queue *queue, const struct error *err, store_done *done,
			     void *data)
{
	struct pending *pending = pending_new(queue, done, data);

	pending->err = malloc(sizeof(*err));
	if (!pending->err)
		abort();
	*pending->err = *err;
	queue->n_refused++;
	TAILQ_INSERT_TAIL(&queue->refused, pending, link);
	return pending;
}

void queue_forget(struct queue *queue, uint64_t ticket)
{
	struct pendings *const lists[] = { &queue->sent, &queue->waiting, &queue->refused };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct pending *pending;

		TAILQ_FOREACH(pending, lists[i], link)
		if (pending->ticket == ticket)
			pending->done = NULL;
	}
}

void queue_sent(struct queue *queue, struct pending *pending)
{
	buf_finish(&pending->message);
	TAILQ_REMOVE(&queue->waiting, pending, link);
	TAILQ_INSERT_TAIL(&queue->sent, pending, link);
}

/* Out of its list and of the counts before anybody hears of it. */
static void settle(struct queue *queue, struct pendings *list, struct pending *pending,
		   const struct store_result *result, const struct error *err)
{
	TAILQ_REMOVE(list, pending, link);
	queue->n--;
	queue->n_bytes -= pending->n_bytes;
	if (pending->done)
		pending->done(result, err, pending->data);
	pending_free(pending);
}

bool queue_answer(struct queue *queue, uint64_t ticket, const struct store_result *result,
		  const struct error *err)
{
	struct pending *pending = TAILQ_FIRST(&queue->sent);

	/* A question is answered before batches ahead of it, a backup long after those behind. */
	while (pending && pending->ticket != ticket)
		pending = TAILQ_NEXT(pending, link);
	if (!pending)
		return false;
	settle(queue, &queue->sent, pending, result, err);
	return true;
}

/* A 'done' that submits again must not be failed in the same breath. */
void queue_fail(struct queue *queue, struct pendings *list, const struct error *err)
{
	struct pendings now = TAILQ_HEAD_INITIALIZER(now);

	TAILQ_CONCAT(&now, list, link);
	while (!TAILQ_EMPTY(&now))
		settle(queue, &now, TAILQ_FIRST(&now), NULL, err);
}

void queue_answer_refused(struct queue *queue)
{
	for (unsigned n = queue->n_refused; n > 0; n--) {
		struct pending *pending = TAILQ_FIRST(&queue->refused);

		TAILQ_REMOVE(&queue->refused, pending, link);
		queue->n_refused--;
		if (pending->done)
			pending->done(NULL, pending->err, pending->data);
		pending_free(pending);
	}
}

static void expire_waiting(struct queue *queue, uint64_t now_ns, const struct error *late)
{
	struct pendings expired = TAILQ_HEAD_INITIALIZER(expired);
	struct pending *pending = TAILQ_FIRST(&queue->waiting);

	while (pending) {
		struct pending *next = TAILQ_NEXT(pending, link);

		if (pending->deadline_ns <= now_ns) {
			TAILQ_REMOVE(&queue->waiting, pending, link);
			TAILQ_INSERT_TAIL(&expired, pending, link);
		}
		pending = next;
	}
	queue_fail(queue, &expired, late);
}

static void expire_sent(struct queue *queue, uint64_t now_ns)
{
	const struct error silent = { -EIO, "the outcome is unknown: no answer in time" };
	struct pending *pending;

	/* Entries stay where they are, so 'done' may do what it likes. */
	TAILQ_FOREACH(pending, &queue->sent, link)
	{
		store_done *done = pending->done;

		if (!done || pending->deadline_ns + QUEUE_GRACE_NS > now_ns)
			continue;
		pending->done = NULL;
		done(NULL, &silent, pending->data);
	}
}

void queue_expire(struct queue *queue, uint64_t now_ns, const struct error *late)
{
	expire_waiting(queue, now_ns, late);
	expire_sent(queue, now_ns);
}

bool queue_is_late(const struct queue *queue, uint64_t now_ns, uint64_t by_ns)
{
	const struct pending *pending;

	TAILQ_FOREACH(pending, &queue->sent, link)
	if (pending->deadline_ns + by_ns < now_ns)
		return true;
	return false;
}
