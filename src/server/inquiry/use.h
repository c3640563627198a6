/*
 * What investigations use, and how much of it within 24 hours: each org for itself, and all orgs
 * together, whichever of the servers on one database runs them.
 *
 * What one used stands in a row of its own (investigation_use), which is written with its events.
 * A budget of 24 hours is held against the sum of the rows that were written within them, so that
 * it holds for any 24 hours: what was used early in an investigation leaves the sum with its end.
 *
 * Before one begins, its org's sum and that of all are read: it gets what it asked for, and no
 * more than is left of either. Where calls or time are used up it ends with a sentence that says
 * so; where tokens or money are, the built-in engine answers. Those that run look again each
 * USE_LOOK_NS: a call beyond a budget is refused, a model is asked once more, to conclude; where
 * time is over, what is known is reported.
 *
 * Nothing is reserved, so concurrent ones share what is left, first come first served, and go
 * beyond it by no more than this:
 *   calls           on one server by none but the changes that wait to be sent (RUN_MAX_CHANGES of
 *                   an investigation); with others by what theirs call until a look finds it
 *   tokens, money   per agent of a running investigation's model the answer that is under way
 *                   when the look finds it out, and one more, to conclude
 *   time            per running investigation a look, USE_WRITE_NS where it runs on another
 *                   server, and RUN_CONCLUDE_NS
 * While the database is away nobody begins, and a look comes with its return.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

#define INQUIRY_DAY_NS (86400 * NS_PER_SEC)
#define USE_LOOK_NS (1 * NS_PER_SEC)
#define USE_WRITE_NS (5 * NS_PER_SEC) /* so often at least its time is written, where it counts */

enum use_kind {
	USE_CALLS,
	USE_TIME, /* milliseconds, without those that people were waited for */
	USE_TOKENS,
	USE_COST, /* millionths of a dollar */
	USE_KINDS,
};

/* As a budget 0 is no limit. */
struct use {
	uint64_t of[USE_KINDS];
};

struct inquiries;

/* Who has used up a budget of 24 hours. */
enum use_of {
	USE_OF_ORG,
	USE_OF_ALL,
	USE_OFS,
};

/* The sentence for it. */
const char *use_sentence(enum use_of of, enum use_kind kind);

const struct use *inquiry_org_day(const struct inquiries *inquiries);
/* Why all orgs together may use no more of it, as of the last look; or NULL. */
const char *inquiry_all_spent(const struct inquiries *inquiries, enum use_kind kind);
