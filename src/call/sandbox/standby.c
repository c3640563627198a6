#include "call/sandbox/standby_internal.h"

#include "base/clock.h"

/* A kind that is asked for no more than now and then does not keep its place. */
#define MAX_PASSED_OVER 4

static struct box *find_waiting(struct serve *serve)
{
	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++) {
		struct box *box = &serve->boxes[i];

		if (box->is_used && box->is_waiting && !box->is_killed && box->n_reports < 0)
			return box;
	}
	return NULL;
}

/* What waits has a user of its own, so that nobody else's process is its equal, and
 * a first process, which 'full' has not; the bus is met before the walls, by a job
 * that is there. */
static bool can_wait(const struct serve *serve, const struct launch_record *record)
{
	bool has_other_user =
		record->profile == PROFILE_PROBE && target_of(record->target)->user != NULL;

	return serve->powers.is_privileged && !has_other_user && !record->needs_bus &&
	       rules_of(record->profile)->walls & WALL_PID_NS;
}

/* In all that was decided when it was raised: its control group can be set anew. */
static bool is_same_kind(const struct launch_record *a, const struct launch_record *b)
{
	return a->profile == b->profile && a->executable == b->executable &&
	       a->target == b->target && a->root_set == b->root_set &&
	       a->limits.cpu_ns == b->limits.cpu_ns &&
	       a->limits.n_processes == b->limits.n_processes &&
	       a->limits.n_files == b->limits.n_files;
}

struct box *standby_find(struct serve *serve, const struct launch_record *record)
{
	struct standby *standby = &serve->standby;
	struct box *waiting = find_waiting(serve);

	if (!can_wait(serve, record))
		return NULL;
	if (waiting && is_same_kind(&standby->kind, record)) {
		standby->n_passed_over = 0;
		return waiting;
	}
	if (waiting && ++standby->n_passed_over < MAX_PASSED_OVER)
		return NULL;
	standby_drop(serve);
	standby->n_passed_over = 0;
	standby->kind = *record;
	standby->has_kind = true;
	return NULL;
}

/* Not after one that failed: the next may fail the same way, for ever. */
void standby_note_end(struct serve *serve, const struct launch_outcome *outcome)
{
	if (serve->standby.has_kind &&
	    !(outcome->end == LAUNCH_EXITED && outcome->status == SANDBOX_FAILED))
		serve->standby.is_wanted = true;
}

/* One whose place is free in a moment. */
static bool has_ending(const struct serve *serve)
{
	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++)
		if (serve->boxes[i].is_used && serve->boxes[i].is_answered)
			return true;
	return false;
}

bool standby_is_wanted(const struct serve *serve)
{
	return serve->standby.is_wanted && !has_ending(serve);
}

void standby_raise(struct serve *serve)
{
	serve->standby.is_wanted = false;
	if (!find_waiting(serve))
		start_waiting(serve, &serve->standby.kind);
}

void standby_drop(struct serve *serve)
{
	struct box *box = find_waiting(serve);

	if (box)
		box_kill(serve, box, LAUNCH_CANCELLED);
}
