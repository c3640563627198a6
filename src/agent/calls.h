/*
 * The agent's book of calls that the server gave it: none is asked for twice, and none is
 * out of the book before the server has acknowledged its outcome.
 *
 * The warden keeps what must not be lost (call/spool.h), so here are ids only: a
 * result passes through, or stays in the warden's spool until the link has room for
 * it. After either side was away the book and the spool are compared again.
 */
#pragma once

#include "agent/warden.h"

#define CALLS_MAX 320 /* what a full spool holds, and what is about to get there */
#define CALLS_ID_BYTES 65
#define CALLS_MAX_COLLECTING 2 /* results fetched from the spool at the same time */

enum call_state {
	CALL_ADRIFT,  /* to be asked for: the warden was away */
	CALL_ASKED,   /* the warden has it */
	CALL_RUNS,    /* from the spool: it was started before this process */
	CALL_KEPT,    /* ended; its answer lies in the spool */
	CALL_FETCHED, /* that answer was asked for */
	CALL_SENT,    /* the server has been told, but has not acknowledged */
};

/* Where responses go. */
struct calls_config {
	struct warden *warden;
	/* 0, or -ENOBUFS: the link is busy or away; calls_link_drained() or _up() will come. */
	int (*respond)(const char *call_id, json_t *result, void *data); /* takes 'result' over */
	void *data;
};

struct calls {
	struct calls_config config;
	struct call *list;
	unsigned n, n_collecting;
	uint64_t n_asked, n_done, n_failed; /* since the start */
	bool is_comparing, has_link;
};

void calls_init(struct calls *calls, const struct calls_config *config);
void calls_finish(struct calls *calls);

/* tools/call from the server. 'params' is borrowed. */
void calls_take(struct calls *calls, const char *call_id, const json_t *params);
/* notifications/cancelled, calls/acknowledge */
void calls_cancel(struct calls *calls, const char *call_id);
void calls_acknowledge(struct calls *calls, const char *call_id);

/*
 * Compares with the spool, then 'done' (maybe at once, where the warden is away): the
 * book is as true as it can be, and calls_list() may be told to the server.
 */
void calls_compare(struct calls *calls, void (*done)(void *data), void *data);
/* [{"call_id", "state"}]: what the server need not give again. */
json_t *calls_list(const struct calls *calls);

void calls_link_up(struct calls *calls);
void calls_link_down(struct calls *calls);
void calls_link_drained(struct calls *calls);
void calls_warden_up(struct calls *calls);
void calls_warden_down(struct calls *calls);
/* Asks for what the warden did not take when it was asked. */
void calls_retry(struct calls *calls);
