/* A remedy that is made, and what the evidence says of its cause afterwards. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "investigation/claim.h"
#include "investigation/remedy.h"

#define SENTENCE_BYTES 1024
#define RECENT_S 900 /* as recent() of the knowledge has it at least */
#define MAX_WAIT_S (90 * 24 * 3600)

static const json_t *call_of(const struct investigation *investigation)
{
	return json_object_get(investigation->remedy, "call");
}

static struct evidence *find(struct investigation *investigation)
{
	const char *tool = json_get_text(call_of(investigation), "tool", "");
	const json_t *args = json_object_get(call_of(investigation), "args");

	for (size_t i = 0; i < investigation->ledger.n; i++)
		if (strcmp(investigation->ledger.items[i].tool, tool) == 0 &&
		    json_equal(investigation->ledger.items[i].args, args))
			return &investigation->ledger.items[i];
	return NULL;
}

/* For who approves it; whole characters, as some of it may be a host's. */
static char *why_of(const json_t *remedy)
{
	char text[SENTENCE_BYTES];
	CLEANUP(json) json_t *whole = NULL;
	char *why;

	text_format(text, sizeof(text), "It is the remedy of %.64s, which is proven: %.300s",
		    json_get_text(remedy, "cause_id", ""), json_get_text(remedy, "statement", ""));
	whole = json_text(text, strlen(text));
	why = strdup(json_string_value(whole));
	if (!why)
		abort();
	return why;
}

static struct evidence *add(struct investigation *investigation)
{
	const json_t *call = call_of(investigation);
	struct evidence *item = ledger_add(&investigation->ledger, json_get_text(call, "tool", ""),
					   json_object_get(call, "args"));

	if (item)
		item->wanted = why_of(investigation->remedy);
	return item;
}

int remedy_make(struct investigation *investigation, struct error *err)
{
	struct witness *witness = investigation->witness;
	uint64_t start_ns = clock_monotonic_ns();
	size_t first = investigation->ledger.n;
	int r;

	if (investigation->waited_s < 0 || investigation->waited_s > MAX_WAIT_S)
		investigation->waited_s = 0;
	if (find(investigation)) {
		investigation->n_stale =
			(size_t)(find(investigation) - investigation->ledger.items);
		return 0;
	}
	if (!json_is_object(json_object_get(call_of(investigation), "args")) || !add(investigation))
		return error_set(err, -EINVAL, "the remedy is no call");
	investigation->n_stale = first;
	r = witness->send(witness, &investigation->ledger, first, err);
	if (r == 0)
		r = witness->collect(witness, &investigation->ledger, first, err);
	investigation->waited_s += (int64_t)((clock_monotonic_ns() - start_ns) / NS_PER_SEC);
	return r;
}

static int64_t older(const struct investigation *investigation, int64_t since_s)
{
	return since_s > INT64_MAX - investigation->waited_s ? since_s
							     : since_s + investigation->waited_s;
}

int64_t remedy_since_s(const struct investigation *investigation)
{
	int64_t since_s = investigation->since_s;

	if (!investigation->remedy || !investigation->waited_s)
		return since_s;
	return older(investigation, since_s > RECENT_S ? since_s : RECENT_S);
}

/* The call that proved the cause, as far back as remedy_since_s(). A new reference. */
static json_t *args_again(const struct investigation *investigation, const json_t *call)
{
	json_t *args = json_deep_copy(json_object_get(call, "args"));
	int64_t since_s = json_get_int(args, "since_s", 0);

	if (since_s > 0)
		json_put(args, "since_s", json_integer((json_int_t)older(investigation, since_s)));
	return args;
}

void remedy_ask_again(struct investigation *investigation)
{
	const json_t *call;
	size_t i;

	json_array_foreach(json_object_get(investigation->remedy, "verify"), i, call)
	{
		CLEANUP(json) json_t *args = args_again(investigation, call);

		investigation_ask(investigation, json_get_text(call, "tool", ""), args);
	}
}

/* Its code does not tell whether it ran: a job that did may end with any. */
static const char *state_of(const struct evidence *item)
{
	static const struct {
		const char *outcome, *state;
	} states[] = {
		{ "denied", "refused" },
		{ "expired", "unanswered" },
		{ "failed", "failed" },
	};

	if (!item->why.code)
		return "done";
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(item->outcome, states[i].outcome) == 0)
			return states[i].state;
	return "unknown";
}

static const char *words_of(const char *state)
{
	if (strcmp(state, "failed") == 0)
		return "failed";
	return strcmp(state, "unknown") == 0 ? "may have been run" : "was not run";
}

/* Whether everything that proved the cause was read again. */
static bool is_read_again(const struct investigation *investigation)
{
	const json_t *call;
	size_t i;

	json_array_foreach(json_object_get(investigation->remedy, "verify"), i, call)
	{
		CLEANUP(json) json_t *args = args_again(investigation, call);
		bool is_read = false;

		for (size_t k = investigation->n_stale; k < investigation->ledger.n; k++) {
			const struct evidence *item = &investigation->ledger.items[k];

			is_read |= item->result &&
				   strcmp(item->tool, json_get_text(call, "tool", "")) == 0 &&
				   json_equal(item->args, args);
		}
		if (!is_read)
			return false;
	}
	return true;
}

/* A clause none of whose findings is there any more, each looked for where it would be. */
static bool is_gone(const struct investigation *investigation, const struct cause *cause)
{
	for (size_t clause = 0; clause < cause->n_clauses; clause++) {
		bool is_absent = true;

		for (size_t i = 0; i < cause->n_needed; i++)
			if (cause->needed[i].clause == clause)
				is_absent &= diagnosis_finding(investigation->diagnosis, cause,
							       cause->needed[i].finding) ==
					     FINDING_ABSENT;
		if (is_absent)
			return true;
	}
	return false;
}

static const char *verify(const struct investigation *investigation)
{
	const struct cause *cause =
		knowledge_find(predicates_knowledge(investigation->predicates),
			       json_get_text(investigation->remedy, "cause_id", ""));

	if (!cause)
		return "unknown";
	if (claims_prove(investigation, cause))
		return "remains";
	return is_read_again(investigation) && is_gone(investigation, cause) ? "gone" : "unknown";
}

static void write_sentence(const struct investigation *investigation, const struct evidence *item,
			   const char *verified, char sentence[SENTENCE_BYTES])
{
	const char *cause = json_get_text(investigation->remedy, "cause_id", "");
	const char *state = state_of(item);
	bool is_done = strcmp(state, "done") == 0;
	const char *and = is_done == (strcmp(verified, "gone") == 0) ? "and" : "but";
	const char *stands = strcmp(verified, "gone") == 0      ? "is gone"
			     : strcmp(verified, "remains") == 0 ? "remains"
								: "could not be read again";

	if (is_done)
		text_format(sentence, SENTENCE_BYTES, "'%s' was run, %s %s %s.", item->tool, and,
			    cause, stands);
	else
		text_format(sentence, SENTENCE_BYTES, "'%s' %s: %.400s; %s %s %s.", item->tool,
			    words_of(state), item->why.text, and, cause, stands);
}

static void put_sentence(json_t *report, const char *sentence)
{
	const char *found = json_get_text(report, "root_cause", "");
	char *whole = NULL;

	if (asprintf(&whole, "%s %s", sentence, found) < 0)
		abort();
	json_put(report, "root_cause", json_text(whole, strlen(whole)));
	free(whole);
}

void remedy_report(const struct investigation *investigation, json_t *report)
{
	const struct evidence *item = find((struct investigation *)(uintptr_t)investigation);
	const char *verified = verify(investigation);
	char sentence[SENTENCE_BYTES];
	json_t *remedy;

	if (!item)
		return;
	write_sentence(investigation, item, verified, sentence);
	remedy = json_pack("{s:s, s:s, s:O, s:s, s:s, s:s, s:o}", "cause_id",
			   json_get_text(investigation->remedy, "cause_id", ""), "statement",
			   json_get_text(investigation->remedy, "statement", ""), "call",
			   call_of(investigation), "evidence", item->id, "state", state_of(item),
			   "verified", verified, "sentence", json_text(sentence, strlen(sentence)));
	if (item->why.code)
		json_put(remedy, "why", json_text(item->why.text, strlen(item->why.text)));
	json_put(report, "remedy", remedy);
	put_sentence(report, sentence);
}
