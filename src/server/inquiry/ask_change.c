/*
 * A call that changes its host, which a model wants. It goes through the queue as everybody's does:
 * the host's policy allows it, denies it, or wants an approval, which a person other than who asked
 * for the investigation signs. Until then, only this call waits.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/grants.h"
#include "server/inquiry/ask_internal.h"

#define CONCLUDE_NS (45 * NS_PER_SEC) /* left of the time after nobody answered */
#define AFTER_APPROVAL_NS (RUN_CALL_NS + 5 * NS_PER_SEC)

static uint64_t left_of(const struct run *run)
{
	uint64_t now_ns = clock_wall_ns(), end_ns = run->started_ns + run->budget.time_ns;

	return end_ns > now_ns ? end_ns - now_ns : 0;
}

uint64_t ask_approval_ns(const struct ask *ask)
{
	uint64_t left_ns = left_of(ask->leg->run);

	left_ns = left_ns > 2 * CONCLUDE_NS ? left_ns - CONCLUDE_NS : left_ns / 3;
	return left_ns < RUN_APPROVAL_NS ? left_ns + 1 : RUN_APPROVAL_NS;
}

const char *ask_change_fault(const struct ask *ask)
{
	if (!ask->leg->models || !ask->why || !*ask->risk)
		return "an investigation may only call tools that read";
	if (ask->leg->run->n_changes >= RUN_MAX_CHANGES)
		return "an investigation may ask for so many changes and no more";
	return NULL;
}

static void handle_grants(const struct store_result *result, const struct error *err, void *data)
{
	struct ask *ask = data;
	CLEANUP(json) json_t *args = json_loads(ask->args, 0, NULL);
	const struct grant_call call = {
		.org = ask->org,
		.host = ask->leg->agent,
		.tool = ask->tool,
		.args = args,
		.now_s = clock_wall_ns() / NS_PER_SEC,
	};

	ask->ticket = 0;
	/* Without the grant a person is asked. */
	ask_send(ask, err ? NULL : grants_find(&result->steps[0], &call));
}

void ask_change(struct ask *ask)
{
	struct run *run = ask->leg->run;
	const struct store_value values[] = { store_text(ask->org), store_text(ask->tool),
					      store_int((int64_t)clock_wall_ns()) };
	const struct store_step step = { grants_sql, values, ARRAY_LEN(values), STORE_ANY };

	run->n_changes++;
	ask->ticket = store_submit(
		run->inquiries->config.store,
		&(struct store_batch) { .org = ask->org, .steps = &step, .n_steps = 1 },
		handle_grants, ask);
}

void ask_approval(struct ask *ask)
{
	uint64_t wait_ns = ask_approval_ns(ask);

	ask->has_waited = true;
	tell_approval(ask->leg, &(struct approval_words) {
					.call = ask->call,
					.tool = ask->tool,
					.risk = ask->risk,
					.args = ask->args,
					.why = ask->why,
					.expires_ns = clock_wall_ns() + wait_ns,
				});
	ask_wait(ask, HUB_WAIT_ANY, wait_ns + AFTER_APPROVAL_NS);
}

void ask_approval_timeout(struct ask *ask)
{
	run_tell(ask->leg->run, "question_timeout",
		 json_pack("{s:s, s:s, s:s}", "message",
			   "Nobody approved it in time: it goes on without.", "request_id",
			   ask->call, "host", ask->leg->host));
}
