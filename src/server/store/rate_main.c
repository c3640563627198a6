/*
 * store_rate: durable batches per second, for bench/store.
 *
 *	store_rate DATABASE EXECUTABLES
 *
 * A batch is what a call costs: one row made and one changed. Prints one JSON object.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/store/store.h"

#define N_BATCHES 100000
#define N_IN_FLIGHT 64
#define N_AGENTS 100

struct run {
	struct event_base *base;
	struct store *store;
	uint64_t start_ns;
	unsigned n_sent, n_done;
};

static void handle_done(const struct store_result *result, const struct error *err, void *data);

static void submit(struct run *run)
{
	char call[32], agent[32];
	int64_t now_ns = (int64_t)clock_wall_ns();
	unsigned n = run->n_sent++;

	text_format(call, sizeof(call), "c_%08u", n);
	text_format(agent, sizeof(agent), "agent-%u", n % N_AGENTS);
	const struct store_value insert[] = { store_text("rate"), store_text(call),
					      store_text(agent), store_int(n), store_int(now_ns) };
	const struct store_value update[] = { store_text("rate"), store_text(agent),
					      store_int(now_ns) };
	const struct store_step steps[] = {
		{ "INSERT INTO calls (org, id, agent, state, cursor, tool, args_sha256, caller, "
		  "risk,"
		  " created, deadline, args) VALUES ($1, $2, $3, 'queued', $4, 'get_load_average', "
		  "'', 'ana', 'reads', $5, $5, '{}')",
		  insert, 5, STORE_SOME },
		{ "UPDATE agents SET last_seen = $3 WHERE org = $1 AND id = $2", update, 3,
		  STORE_SOME },
	};

	(void)store_submit(run->store, &(struct store_batch) { "rate", steps, 2, 0 }, handle_done,
			   run);
}

static void fail(const struct error *err)
{
	log_error("%s", err->text);
	exit(1);
}

static void handle_done(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct run *run = data;

	if (err)
		fail(err);
	if (++run->n_done == N_BATCHES)
		(void)event_base_loopbreak(run->base);
	else if (run->n_sent < N_BATCHES)
		submit(run);
}

static void handle_made(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct run *run = data;

	if (err)
		fail(err);
	run->start_ns = clock_monotonic_ns();
	for (unsigned i = 0; i < N_IN_FLIGHT; i++)
		submit(run);
}

static void make_agents(struct run *run)
{
	static const char org[] = "INSERT INTO orgs (id, name, customer_id, created, quota_agents, "
				  "quota_calls) VALUES ($1, $1, $1, 0, 0, 0)";
	static const char agents[] =
		"INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by)"
		" WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n"
		" WHERE i < $2 - 1) SELECT $1, 'agent-' || i, '', '', '', 0, '' FROM n";
	const struct store_value params[] = { store_text("rate"), store_int(N_AGENTS) };
	const struct store_step steps[] = {
		{ org, params, 1, STORE_SOME },
		{ agents, params, 2, STORE_SOME },
	};

	(void)store_submit(run->store, &(struct store_batch) { STORE_EVERY_ORG, steps, 2, 0 },
			   handle_made, run);
}

int main(int argc, char **argv)
{
	struct run run = { .base = event_base_new() };
	struct error err = { 0 };
	double seconds;

	log_set("store_rate", LOG_LEVEL_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc != 3)
		return 2;
	run.store = store_new(
		run.base, &(struct store_config) { .database = argv[1], .executables = argv[2] },
		&err);
	if (!run.store)
		fail(&err);
	make_agents(&run);
	(void)event_base_dispatch(run.base);
	seconds = (double)(clock_monotonic_ns() - run.start_ns) / (double)NS_PER_SEC;
	(void)printf("{\"batches\":%d,\"in_flight\":%d,\"batches_per_second\":%.0f}\n", N_BATCHES,
		     N_IN_FLIGHT, N_BATCHES / seconds);
	store_free(run.store);
	event_base_free(run.base);
	return 0;
}
