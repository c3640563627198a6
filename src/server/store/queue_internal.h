/*
 * The batches that have no answer yet, in three lists: those that wait for the
 * database, those that the child has, and refused ones that wait for the loop.
 */
#pragma once

#include <sys/queue.h>

#include "base/buf.h"
#include "server/store/store.h"

/* How long a child may be late with an answer. */
#define QUEUE_GRACE_NS NS_PER_SEC

struct pending {
	TAILQ_ENTRY(pending) link;
	uint64_t ticket;
	uint64_t deadline_ns; /* an instant of the monotonic clock */
	store_done *done;     /* NULL: nobody wants the answer any more */
	void *data;
	struct buf message; /* until it is sent */
	size_t n_bytes;
	struct error *err; /* of a refused one */
};

TAILQ_HEAD(pendings, pending);

struct queue {
	struct pendings waiting, sent, refused;
	unsigned n; /* in the first two */
	size_t n_bytes;
	unsigned n_refused;
	uint64_t last_ticket;
};

void queue_init(struct queue *queue);
/* Without an answer to anybody. */
void queue_finish(struct queue *queue);

/* Whether there is room for so many bytes more, or -EBUSY. */
int queue_check_room(const struct queue *queue, size_t n_bytes, struct error *err) MUST_CHECK;

/* Both give a new entry with a ticket of its own. */
struct pending *queue_add(struct queue *queue, size_t n_bytes, store_done *done, void *data);
struct pending *queue_refuse(struct queue *queue, const struct error *err, store_done *done,
			     void *data);

void queue_forget(struct queue *queue, uint64_t ticket);

/* Its message goes on its way. */
void queue_sent(struct queue *queue, struct pending *pending);

/*
 * The answer to the one of those sent that has this ticket, else false.
 * Takes it out first, so that 'done' may submit.
 */
bool queue_answer(struct queue *queue, uint64_t ticket, const struct store_result *result,
		  const struct error *err);

/* Answers all of a list, and only those that are on it now. */
void queue_fail(struct queue *queue, struct pendings *list, const struct error *err);
void queue_answer_refused(struct queue *queue);

/*
 * Deadlines: who waits is answered with 'late'; who was sent, a little later, that
 * the outcome is unknown, and its entry stays until the child speaks.
 */
void queue_expire(struct queue *queue, uint64_t now_ns, const struct error *late);

/* Whether one of those that were sent is late by more than that. */
bool queue_is_late(const struct queue *queue, uint64_t now_ns, uint64_t by_ns);
