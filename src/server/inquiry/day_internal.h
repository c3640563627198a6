/* What was used within 24 hours, as this server knows it (use.h). */
#pragma once

#include "server/hub/hub.h"
#include "server/inquiry/use.h"

struct event;
struct inquiries;
struct run;

/* Of one run. */
struct day_share {
	struct use on_record; /* by the last look, or what it brought from before a restart */
	uint64_t look;        /* which it waits for, before it begins; 0: none */
	const char *spent;    /* why its models shall conclude; NULL: they need not */
};

struct day_org {
	char org[HUB_ID_BYTES];
	struct use used;
};

/* By the last look, and what ended here since. */
struct day {
	struct use used;      /* by all */
	struct day_org *orgs; /* those of which something is unfinished here */
	unsigned n_orgs;
	uint64_t n_looks; /* begun */
	uint64_t ticket;
	unsigned n_idle; /* ticks without a look */
	struct event *timer;
};

/* day.c */
void day_open(struct inquiries *inquiries);
void day_stop(struct inquiries *inquiries);
/* It is about to begin: run_allow() is called once all that was used is known. */
void day_ask(struct run *run);
/* A run of ours is no more: what it used stays. */
void day_leave(const struct run *run);
/* Now, with what runs here; 'org' NULL: by all. */
struct use day_used(const struct inquiries *inquiries, const char *org);
void day_metrics(const struct inquiries *inquiries, struct buf *page);

/* model.c: what it used so far. */
struct use run_use(const struct run *run);

/* deadline.c: its time so far; and that is over now: what is known is reported. 'why' NULL: it was
 * its own. */
uint64_t run_time_ns(const struct run *run);
void run_cut(struct run *run, const char *why);

/* allowance.c */
/* Gives it what is left, and prepares it; or ends it where nothing is. */
void run_allow(struct run *run);
/* What it does no more, where others used up what was left: 'used' by its org, and by all. */
void run_notice(struct run *run, const struct use used[USE_OFS]);
/* Why it may use no more of that within 24 hours, or NULL. */
const char *run_spent_day(const struct run *run, enum use_kind kind);
/* Why it may call nothing more, or NULL. */
const char *run_calls_fault(const struct run *run);
