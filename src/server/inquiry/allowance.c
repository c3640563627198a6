/* What a run may use: the least of its own budget, its org's and that of all (use.h). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/inquiries_internal.h"

#define TEXT_BYTES 256
#define MICROS 1e6

const char *use_sentence(enum use_of of, enum use_kind kind)
{
	static const char *const sentences[USE_OFS][USE_KINDS] = {
		[USE_OF_ORG] = {
			[USE_CALLS] = "the org has used up the calls that investigations may make "
				      "within 24 hours",
			[USE_TIME] = "the org has used up the time that investigations may take "
				     "within 24 hours",
			[USE_TOKENS] = "the org has used up what models may take within 24 hours",
			[USE_COST] = "the org has used up what models may take within 24 hours",
		},
		[USE_OF_ALL] = {
			[USE_CALLS] = "the server has used up the calls that investigations may "
				      "make within 24 hours",
			[USE_TIME] = "the server has used up the time that investigations may "
				     "take within 24 hours",
			[USE_TOKENS] = "the server has used up what models may take within 24 "
				       "hours",
			[USE_COST] = "the server has used up what models may take within 24 hours",
		},
	};

	return sentences[of][kind];
}

const struct use *inquiry_org_day(const struct inquiries *inquiries)
{
	return &inquiries->config.org_day;
}

static const struct use *budget_of(const struct inquiries *inquiries, enum use_of of)
{
	return of == USE_OF_ORG ? &inquiries->config.org_day : &inquiries->config.all_day;
}

static const char *spent_of(const struct inquiries *inquiries, enum use_of of,
			    const struct use *used, enum use_kind kind)
{
	uint64_t most = budget_of(inquiries, of)->of[kind];

	return most && used->of[kind] >= most ? use_sentence(of, kind) : NULL;
}

static const char *spent(const struct inquiries *inquiries, const char *org, enum use_kind kind)
{
	enum use_of of = org ? USE_OF_ORG : USE_OF_ALL;
	struct use used;

	if (!budget_of(inquiries, of)->of[kind])
		return NULL;
	used = day_used(inquiries, org);
	return spent_of(inquiries, of, &used, kind);
}

const char *inquiry_all_spent(const struct inquiries *inquiries, enum use_kind kind)
{
	return spent(inquiries, NULL, kind);
}

const char *run_spent_day(const struct run *run, enum use_kind kind)
{
	const char *why = spent(run->inquiries, run->org, kind);

	return why ? why : spent(run->inquiries, NULL, kind);
}

static const char *models_spent(const struct run *run)
{
	const char *why = run_spent_day(run, USE_TOKENS);

	return why ? why : run_spent_day(run, USE_COST);
}

const char *run_calls_fault(const struct run *run)
{
	const char *why = run_spent_day(run, USE_CALLS);

	if (why)
		return why;
	return run->n_calls >= run->budget.calls ? "the budget of calls is used up" : NULL;
}

/* Of the org and of all the lesser; UINT64_MAX: as much as it likes. */
static uint64_t left_of(const struct run *run, enum use_kind kind)
{
	uint64_t left = UINT64_MAX;

	for (enum use_of of = 0; of < USE_OFS; of++) {
		uint64_t most = budget_of(run->inquiries, of)->of[kind];
		uint64_t used =
			day_used(run->inquiries, of == USE_OF_ORG ? run->org : NULL).of[kind];
		uint64_t left_here = used < most ? most - used : 0;

		if (most && left_here < left)
			left = left_here;
	}
	return left;
}

/* It is no more than what it used before a restart, and what is left; true where that is less. */
static bool limit(const struct run *run, enum use_kind kind, uint64_t *budget)
{
	uint64_t left = left_of(run, kind), own = run_use(run).of[kind];

	if (left > UINT64_MAX - own || (*budget && *budget <= own + left))
		return false;
	*budget = own + left;
	return true;
}

static void tell_budget(struct run *run, const bool is_less[USE_KINDS])
{
	const struct inquiry_budget *budget = &run->budget;
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, TEXT_BYTES);
	if (is_less[USE_CALLS])
		buf_add_format(&text, ", %u calls", budget->calls);
	if (is_less[USE_TIME])
		buf_add_format(&text, ", %.1f s", (double)budget->time_ns / NS_PER_SEC);
	if (is_less[USE_TOKENS])
		buf_add_format(&text, ", %llu tokens", (unsigned long long)budget->tokens);
	if (is_less[USE_COST])
		buf_add_format(&text, ", %.2f dollars", (double)budget->cost_micros / MICROS);
	if (text.len)
		run_think(run, "It has what is left within 24 hours: %s.", buf_text(&text) + 2);
}

static void limit_all(struct run *run)
{
	uint64_t calls = run->budget.calls, time_ms = run->budget.time_ns / NS_PER_MS;
	bool is_less[USE_KINDS] = { 0 };

	is_less[USE_CALLS] = limit(run, USE_CALLS, &calls);
	run->budget.calls = (unsigned)calls;
	is_less[USE_TIME] = limit(run, USE_TIME, &time_ms);
	if (is_less[USE_TIME])
		run->budget.time_ns = time_ms * NS_PER_MS;
	if (run_has_model(run)) {
		is_less[USE_TOKENS] = limit(run, USE_TOKENS, &run->budget.tokens);
		is_less[USE_COST] = limit(run, USE_COST, &run->budget.cost_micros);
	}
	tell_budget(run, is_less);
}

static void note(struct run *run, const char *what, const char *why)
{
	json_t *notes = json_object_get(run->request, "notes");

	if (!notes) {
		notes = json_array();
		json_put(run->request, "notes", notes);
	}
	json_push(notes, json_pack("{s:s, s:s}", "what", what, "why", why));
}

static void do_without_model(struct run *run, const char *why)
{
	run_think(run, "%s is not asked: %s", run_engine(run), why);
	note(run, run_engine(run), why);
	run->is_frugal = true;
}

void run_allow(struct run *run)
{
	const char *calls = run_spent_day(run, USE_CALLS), *time = run_spent_day(run, USE_TIME);
	const char *models = run_has_model(run) ? models_spent(run) : NULL;

	/* One that goes on after a restart reports what it has. */
	if (!run->goes_on && (calls || time)) {
		run_fail(run, calls ? calls : time);
		return;
	}
	if (!run->started_ns)
		run->started_ns = clock_wall_ns();
	if (models)
		do_without_model(run, models);
	limit_all(run);
	run_prepare(run);
}

static const char *spent_by_any(const struct run *run, const struct use used[USE_OFS],
				enum use_kind kind)
{
	const char *why = spent_of(run->inquiries, USE_OF_ORG, &used[USE_OF_ORG], kind);

	return why ? why : spent_of(run->inquiries, USE_OF_ALL, &used[USE_OF_ALL], kind);
}

void run_notice(struct run *run, const struct use used[USE_OFS])
{
	const char *time = spent_by_any(run, used, USE_TIME);
	const char *models = spent_by_any(run, used, USE_TOKENS);

	if (!models)
		models = spent_by_any(run, used, USE_COST);
	if (time && !run->is_cut)
		run_cut(run, time);
	if (!models || !run_has_model(run) || run->day.spent || run->is_cut)
		return;
	run->day.spent = models;
	run_think(run, "%s concludes: %s", run_engine(run), models);
	note(run, run_engine(run), models);
	for (unsigned i = 0; i < run->n_legs && run->state == RUN_RUNNING; i++)
		leg_tell_spent(&run->legs[i]);
}
