/*
 * What a person says to a thread while it runs: stop, or the answer to its question. The thread may
 * run on another server: that one hears it through the store, within about a second.
 */
#pragma once

#include "server/inquiry/inquiry.h"

#define INQUIRY_ORDER_NS (30 * NS_PER_SEC) /* for another server to take it, or to be replaced */

/* What it tells from now on comes after 'seq'. */
struct inquiry_place {
	char investigation[INQUIRY_ID_BYTES];
	uint64_t seq;
};

/* Once, maybe before the function returns: 'place' borrowed, or 'err' says why not. */
typedef void inquiry_heard(const struct inquiry_place *place, const struct error *err, void *data);

/* Borrowed. */
struct inquiry_word {
	const char *org, *thread;
	const json_t *answers; /* NULL: it is an interrupt */
	const char *by;        /* who answers; or NULL */
	inquiry_heard *done;
	void *data;
};

/*
 * Ends what runs or waits in a thread: calls are cancelled, what was told stays. -ENOENT where
 * nothing runs; -ETIMEDOUT where another server has it and does not answer.
 */
void inquiry_interrupt(struct inquiries *inquiries, const struct inquiry_word *word);

/* The answer to the pending question of a thread: the same, and -ENODATA no question. */
void inquiry_answer(struct inquiries *inquiries, const struct inquiry_word *word);
