#include "investigation/investigation.h"

#include <errno.h>
#include <string.h>

#include "diagnosis/wish.h"
#include "investigation/remedy.h"
#include "investigation/report.h"

static void think(struct investigation *investigation, const char *format, ...) PRINTF_LIKE(2, 3);

static void think(struct investigation *investigation, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	investigation->witness->tell(investigation->witness, "thought",
				     json_pack("{s:o}", "text", json_text(text, strlen(text))));
}

static void add_call(struct investigation *investigation, const char *tool, json_t *args)
{
	struct evidence *evidence = ledger_add(&investigation->ledger, tool, args);

	if (evidence)
		investigation->witness->tell(investigation->witness, "tool_start",
					     json_pack("{s:s, s:s, s:O}", "id", evidence->id,
						       "tool", tool, "args", args));
}

/* In what was told before: it is not asked again. */
static bool is_known(const struct investigation *investigation, const char *tool,
		     const json_t *args)
{
	const struct ledger *ledger = &investigation->ledger;

	for (size_t i = investigation->n_stale; i < ledger->n; i++)
		if (strcmp(ledger->items[i].tool, tool) == 0 &&
		    json_equal(ledger->items[i].args, args))
			return true;
	return false;
}

void investigation_ask(struct investigation *investigation, const char *tool, const json_t *given)
{
	CLEANUP(json) json_t *args = given ? json_deep_copy(given) : json_object();

	if (json_object_get(investigation->available, tool) && !is_known(investigation, tool, args))
		add_call(investigation, tool, args);
}

static void add_vitals(struct investigation *investigation)
{
	const struct knowledge *knowledge = predicates_knowledge(investigation->predicates);

	for (size_t i = 0; i < knowledge->n_vitals; i++)
		investigation_ask(investigation, knowledge->vitals[i].tool,
				  knowledge->vitals[i].args);
}

/* What the question asks for in plain words, beside the vitals. */
static void add_wish(struct investigation *investigation)
{
	const struct wish *wish =
		wish_of(predicates_knowledge(investigation->predicates), investigation->asked);
	CLEANUP(json) json_t *args = NULL;

	if (!wish || !json_object_get(investigation->available, wish->inquiry.tool))
		return;
	args = json_deep_copy(wish->inquiry.args);
	if (is_known(investigation, wish->inquiry.tool, args))
		return;
	think(investigation, "The question asks for %s by itself.", wish->inquiry.tool);
	add_call(investigation, wish->inquiry.tool, args);
}

static void learn(struct investigation *investigation, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct evidence *evidence = &investigation->ledger.items[i];
		struct fact fact = {
			.tool = evidence->tool,
			.args = evidence->args,
			.result = i < investigation->n_stale ? NULL : evidence->result,
		};

		diagnosis_learn(investigation->diagnosis, &fact);
		investigation->n_learnt = i + 1;
	}
}

static void tell_ends(struct investigation *investigation, size_t first)
{
	for (size_t i = first; i < investigation->ledger.n; i++) {
		const struct evidence *evidence = &investigation->ledger.items[i];
		json_t *data = json_pack("{s:s, s:s, s:b, s:f}", "id", evidence->id, "tool",
					 evidence->tool, "ok", evidence->result != NULL,
					 "elapsed_ms", evidence->elapsed_ms);

		if (!evidence->result)
			json_put(data, "error",
				 json_text(evidence->why.text, strlen(evidence->why.text)));
		investigation->witness->tell(investigation->witness, "tool_end", data);
	}
}

/* Sends the calls from 'first' on, prepares for their results while they run, and collects. */
static int ask_round(struct investigation *investigation, size_t first, struct error *err)
{
	struct witness *witness = investigation->witness;
	const char *tools[LEDGER_MAX_ITEMS];
	size_t n = 0, n_rounds = investigation->n_rounds;
	int r = witness->send(witness, &investigation->ledger, first, err);

	for (size_t i = n_rounds ? first : 0; i < investigation->ledger.n; i++)
		tools[n++] = investigation->ledger.items[i].tool;
	if (r == 0)
		r = diagnosis_prepare(investigation->diagnosis, tools, n, err);
	return r < 0 ? r : witness->collect(witness, &investigation->ledger, first, err);
}

static int first_round(struct investigation *investigation, struct error *err)
{
	size_t n_earlier = investigation->ledger.n;

	investigation->n_earlier = n_earlier;
	investigation->diagnosis = diagnosis_new(investigation->predicates, investigation->asked);
	add_vitals(investigation);
	if (investigation->remedy)
		remedy_ask_again(investigation);
	if (n_earlier)
		think(investigation, "%zu pieces of evidence are there already.", n_earlier);
	if (investigation->ledger.n > n_earlier)
		think(investigation, "Vitals first: %zu tools at once.",
		      investigation->ledger.n - n_earlier);
	add_wish(investigation);
	return ask_round(investigation, n_earlier, err);
}

static int next_round(struct investigation *investigation, const json_t *calls, struct error *err)
{
	size_t first = investigation->ledger.n;
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call) add_call(investigation, json_get_text(call, "tool", ""),
						    json_object_get(call, "args"));
	return ask_round(investigation, first, err);
}

static int judge(struct investigation *investigation, size_t first, struct error *err)
{
	const struct hypothesis *best;
	size_t n;
	int r;

	tell_ends(investigation, first);
	learn(investigation, investigation->n_rounds ? first : 0, investigation->ledger.n);
	investigation->n_rounds++;
	r = diagnosis_judge(investigation->diagnosis, err);
	if (r < 0)
		return r;
	best = diagnosis_ranked(investigation->diagnosis, &n);
	if (n && best->score > DIAGNOSIS_SUSPECTED)
		think(investigation, "%s leads with probability %.2f.", best->cause->id,
		      best->probability);
	else
		think(investigation, "Nothing stands out so far.");
	return 0;
}

static json_t *next_calls(const struct investigation *investigation)
{
	bool is_thorough = investigation->diligence == DILIGENCE_THOROUGH;
	size_t max = is_thorough ? INVESTIGATION_MAX_CALLS_THOROUGH : INVESTIGATION_MAX_CALLS;
	size_t n_asked = investigation->ledger.n - investigation->n_earlier;
	size_t left = max - n_asked;

	if (investigation->witness->is_over || n_asked >= max ||
	    investigation->ledger.n == LEDGER_MAX_ITEMS ||
	    (investigation->n_rounds >= INVESTIGATION_MAX_ROUNDS && !is_thorough))
		return json_array();
	return diagnosis_next(investigation->diagnosis, investigation->available,
			      investigation->diligence,
			      left < INVESTIGATION_ROUND_CALLS ? left : INVESTIGATION_ROUND_CALLS);
}

void investigation_restore(struct investigation *investigation, const json_t *items, int64_t last)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item) if (json_get_bool(item, "earlier", false))(void)
		ledger_restore(&investigation->ledger, item); /* else it is asked again */
	investigation->last_earlier = last > 0 && last < 900000 ? (size_t)last : 0;
	if (investigation->ledger.last < investigation->last_earlier)
		investigation->ledger.last = investigation->last_earlier;
}

int investigation_explore(struct investigation *investigation, struct error *err)
{
	investigation->asked =
		question_parse(investigation->question, remedy_since_s(investigation));
	if (first_round(investigation, err) < 0 ||
	    judge(investigation, investigation->n_earlier, err) < 0)
		return err->code;
	for (;;) {
		CLEANUP(json) json_t *calls = next_calls(investigation);
		size_t first = investigation->ledger.n;

		if (!json_array_size(calls))
			return 0;
		if (next_round(investigation, calls, err) < 0 ||
		    judge(investigation, first, err) < 0)
			return err->code;
	}
}

int investigation_learn(struct investigation *investigation, struct error *err)
{
	struct ledger *ledger = &investigation->ledger;
	const char *tools[LEDGER_MAX_ITEMS];
	size_t n = 0;
	int r;

	for (size_t i = investigation->n_learnt; i < ledger->n; i++) {
		if (!ledger->items[i].result && !ledger->items[i].why.code)
			break;
		tools[n++] = ledger->items[i].tool;
	}
	if (!n)
		return 0;
	r = diagnosis_prepare(investigation->diagnosis, tools, n, err);
	if (r < 0)
		return r;
	learn(investigation, investigation->n_learnt, investigation->n_learnt + n);
	return diagnosis_judge(investigation->diagnosis, err);
}

json_t *investigation_run(struct investigation *investigation, struct error *err)
{
	uint64_t start_ns = clock_monotonic_ns();
	json_t *report;

	if (investigation->remedy && remedy_make(investigation, err) < 0)
		return NULL;
	if (investigation_explore(investigation, err) < 0)
		return NULL;
	report = report_new(investigation);
	if (investigation->remedy)
		remedy_report(investigation, report);
	json_put(report, "elapsed_ms",
		 json_integer((json_int_t)((clock_monotonic_ns() - start_ns) / NS_PER_MS)));
	return report;
}

void investigation_finish(struct investigation *investigation)
{
	diagnosis_free(investigation->diagnosis);
	ledger_finish(&investigation->ledger);
	json_decref(investigation->asked);
	json_decref(investigation->chats);
	json_decref(investigation->agents);
	investigation->chats = investigation->agents = NULL;
	investigation->diagnosis = NULL;
	investigation->asked = NULL;
}

void investigation_cleanup(struct investigation *investigation)
{
	investigation_finish(investigation);
}
