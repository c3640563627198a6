/*
 * A scroll: what one run writes into the store, in order and until it is there. One batch is
 * under way at a time, the rest waits; a store that is away is tried again, so every write must
 * be one that may happen twice.
 */
#pragma once

#include <event2/event.h>

#include "server/store/store.h"

#define SCROLL_MAX_VALUES 20
#define SCROLL_BATCH 24
#define SCROLL_TOGETHER 12
#define SCROLL_AGAIN_NS (500 * NS_PER_MS)

struct scroll_write;

struct scroll {
	struct event_base *base;
	struct store *store;
	const char *org;
	/* That one is on disk, in the order of writing; 'tag' is the writer's. */
	void (*written)(struct scroll *scroll, uint64_t tag);
	struct store_step guard; /* of each batch; no sql: none. Values outlive the scroll */
	/* The store will not take it, ever: -ENOENT where the guard does not hold any more. */
	void (*failed)(struct scroll *scroll, const struct error *err);

	/* private */
	struct scroll_write *first, **last;
	unsigned n_sent;
	unsigned n_held; /* writes since scroll_hold() */
	bool is_held;
	uint64_t ticket;
	struct event *again;
};

/* The other members are set. */
void scroll_init(struct scroll *scroll);
/* Forgets what is not written yet. */
void scroll_finish(struct scroll *scroll);

/* What is written between the two is one batch: at most SCROLL_TOGETHER. */
void scroll_hold(struct scroll *scroll);
void scroll_release(struct scroll *scroll);

/* 'sql' is constant, texts are copied. tag 0: 'written' is not called. */
void scroll_write(struct scroll *scroll, uint64_t tag, const char *sql,
		  const struct store_value *values, unsigned n);
#define SCROLL_WRITE(scroll, tag, sql, ...)                                          \
	scroll_write(scroll, tag, sql, (const struct store_value[]) { __VA_ARGS__ }, \
		     sizeof((const struct store_value[]) { __VA_ARGS__ }) /          \
			     sizeof(struct store_value))
