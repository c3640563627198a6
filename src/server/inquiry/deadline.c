/*
 * The time of a run. When it is over, its investigators say what the evidence so far proves; one
 * that does not within RUN_CONCLUDE_NS fails. Waiting for people is no time of the run.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "server/inquiry/inquiries_internal.h"

static const char waited_sql[] =
	"UPDATE investigations SET waited_ms = $3, waits_since = $4 WHERE org = $1 AND id = $2";

static uint64_t persons_ns(const struct run *run)
{
	uint64_t since_ns = run->n_persons ? clock_monotonic_ns() - run->persons_since_ns : 0;
	uint64_t all_ns = run->persons_ns + since_ns;

	return all_ns < RUN_PERSONS_NS ? all_ns : RUN_PERSONS_NS;
}

/* No more than it could have had: a server may be away for long. */
uint64_t run_time_ns(const struct run *run)
{
	uint64_t now_ns = clock_wall_ns(), begin_ns = run->started_ns + persons_ns(run);
	uint64_t most_ns = run->budget.time_ns + RUN_CONCLUDE_NS;
	uint64_t time_ns = run->started_ns && now_ns > begin_ns ? now_ns - begin_ns : 0;

	return time_ns < most_ns ? time_ns : most_ns;
}

uint64_t run_left_ns(const struct run *run)
{
	uint64_t now_ns = clock_wall_ns();
	uint64_t end_ns = run->started_ns + run->budget.time_ns + persons_ns(run);

	return end_ns > now_ns ? end_ns - now_ns : 0;
}

static uint64_t patience_of(const struct run *run, uint64_t most_ns)
{
	uint64_t left_ns = RUN_PERSONS_NS - persons_ns(run);

	most_ns = most_ns < RUN_APPROVAL_NS ? most_ns : RUN_APPROVAL_NS;
	return left_ns < most_ns ? left_ns + 1 : most_ns;
}

uint64_t run_approval_ns(const struct run *run)
{
	return patience_of(run, run->inquiries->config.approval_ns);
}

uint64_t run_answer_ns(const struct run *run)
{
	return patience_of(run, run->inquiries->config.answer_ns);
}

static void add_deadline(const struct run *run, uint64_t left_ns)
{
	const struct timeval left = {
		.tv_sec = (time_t)(left_ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(left_ns % NS_PER_SEC / 1000),
	};

	if (event_add(run->deadline, &left) < 0)
		abort();
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct run *run = data;

	if (run->is_cut) {
		run_fail(run, "it took longer than its time budget, and could not conclude");
		return;
	}
	run_cut(run, run_spent_day(run, USE_TIME));
}

void run_cut(struct run *run, const char *why)
{
	run->is_cut = true;
	if (why)
		run_think(run, "%s: what is known so far is reported.", why);
	else
		run_think(run, "The time is over: what is known so far is reported.");
	add_deadline(run, RUN_CONCLUDE_NS);
	for (unsigned i = 0; i < run->n_legs && run->state == RUN_RUNNING; i++)
		leg_conclude(&run->legs[i]);
}

void run_arm(struct run *run)
{
	uint64_t left_ns = run_left_ns(run);

	/* One that goes on shows first what it has on record. */
	if (!left_ns && run->goes_on)
		left_ns = NS_PER_SEC;
	run->deadline = event_new(run->inquiries->config.base, -1, 0, handle_deadline, run);
	if (!run->deadline)
		abort();
	add_deadline(run, left_ns);
}

static void record_waited(struct run *run)
{
	SCROLL_WRITE(&run->scroll, 0, waited_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)(run->persons_ns / NS_PER_MS)),
		     run->n_persons ? store_int((int64_t)clock_wall_ns()) : store_null());
}

void run_restore_waited(struct run *run, uint64_t waited_ns, uint64_t since_ns)
{
	uint64_t now_ns = clock_wall_ns();

	run->persons_ns = waited_ns;
	if (!since_ns)
		return;
	run->persons_ns += now_ns > since_ns ? now_ns - since_ns : 0;
	record_waited(run);
}

void run_wait_person(struct run *run)
{
	if (run->n_persons++)
		return;
	run->persons_since_ns = clock_monotonic_ns();
	record_waited(run);
	/* Also where nobody says that the waiting is over. */
	if (run->deadline && !run->is_cut)
		add_deadline(run, run_left_ns(run) + RUN_PERSONS_NS - persons_ns(run));
}

void run_hear_person(struct run *run)
{
	if (--run->n_persons)
		return;
	run->persons_ns += clock_monotonic_ns() - run->persons_since_ns;
	/* Where the server ends it waits on: until the next start. */
	if (run->state != RUN_RUNNING || run->inquiries->is_stopped)
		return;
	record_waited(run);
	if (run->deadline && !run->is_cut)
		add_deadline(run, run_left_ns(run));
}
