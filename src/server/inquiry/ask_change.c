/*
 * A call that changes its host, or runs a script that its host may not know, which a model wants.
 * It goes through the queue as everybody's does: the host's policy allows it, denies it, or wants
 * an approval, which a person other than who asked for the investigation signs. Until then, only
 * this call waits.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/grants.h"
#include "server/inquiry/ask_internal.h"
#include "server/inquiry/remedy.h"

#define AFTER_APPROVAL_NS (RUN_CALL_NS + 5 * NS_PER_SEC)

uint64_t ask_approval_ns(const struct ask *ask)
{
	return run_approval_ns(ask->leg->run);
}

const char *ask_change_fault(const struct ask *ask)
{
	if (run_is_remedy(ask->leg->run) && ask->why && *ask->risk)
		return remedy_fault(ask->leg, ask->tool, ask->args);
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

static const char risk_sql[] = "SELECT risk FROM calls WHERE org = $1 AND id = $2";

static void tell(struct ask *ask)
{
	uint64_t wait_ns = ask_approval_ns(ask);

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

/* What its host takes the call for, which may be more than its tool. */
static void handle_risk(const struct store_result *result, const struct error *err, void *data)
{
	static const char *const risks[] = { "reads", "traces", "changes" };
	struct ask *ask = data;

	ask->ticket = 0;
	for (size_t i = 0; !err && result->steps[0].n_rows && i < ARRAY_LEN(risks); i++)
		if (strcmp(store_text_at(&result->steps[0], 0, 0), risks[i]) == 0)
			ask->risk = risks[i];
	tell(ask);
}

void ask_approval(struct ask *ask)
{
	const struct store_value values[] = { store_text(ask->org), store_text(ask->call) };
	const struct store_step step = { risk_sql, values, ARRAY_LEN(values), STORE_ANY };

	ask->has_waited = true;
	ask->waits_since_ns = clock_monotonic_ns();
	run_wait_person(ask->leg->run);
	ask->ticket = store_submit(
		ask->leg->run->inquiries->config.store,
		&(struct store_batch) { .org = ask->org, .steps = &step, .n_steps = 1 },
		handle_risk, ask);
}

void ask_hear_person(struct ask *ask, const char *state)
{
	struct run *run = ask->leg->run;
	enum tally_person end = strcmp(state, "expired") == 0  ? TALLY_UNANSWERED
				: strcmp(state, "denied") == 0 ? TALLY_REFUSED
							       : TALLY_ANSWERED;

	if (!ask->waits_since_ns)
		return;
	if (*state)
		tally_person(&run->inquiries->tally, TALLY_APPROVAL, end,
			     clock_monotonic_ns() - ask->waits_since_ns);
	ask->waits_since_ns = 0;
	run_hear_person(run);
}

void ask_end_approval(struct ask *ask, const char *state, const char *sentence)
{
	if (!ask->has_waited && !ask->is_dropped)
		return;
	appeal_end_change(ask->leg->run, ask->call, state, sentence);
	ask_hear_person(ask, state);
	if (ask->has_waited && strcmp(state, "expired") == 0)
		run_tell(ask->leg->run, "question_timeout",
			 json_pack("{s:s, s:s, s:s}", "message",
				   "Nobody approved it in time: it goes on without.", "request_id",
				   ask->call, "host", ask->leg->host));
}
