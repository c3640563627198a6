/*
 * An investigation: from a question to a report with proof.
 *
 * Vitals first, all at once; then, round by round, the calls that the engine
 * expects to tell most, until one cause leads clearly, nothing is left that is
 * worth asking, or a bound is reached. The report is a function of the question,
 * the catalogue and the evidence; only "elapsed_ms" differs between two runs on
 * the same evidence.
 */
#pragma once

#include "diagnosis/diagnosis.h"
#include "investigation/witness.h"

#define INVESTIGATION_MAX_CALLS 22
#define INVESTIGATION_MAX_CALLS_THOROUGH 60
#define INVESTIGATION_MAX_ROUNDS 6
#define INVESTIGATION_ROUND_CALLS 8

struct tool_info;

struct investigation {
	const char *question;
	int64_t since_s;
	enum diligence diligence;
	const char *host;
	const json_t *available;       /* {tool name: anything}: what may be asked */
	const struct tool_info *tools; /* what remedies may call; NULL: none is a call */
	const json_t *remedy;          /* to be made and verified (remedy.h); or NULL */
	int64_t waited_s; /* since the cause was proven: what proved it is that much older */
	struct predicates *predicates; /* of the knowledge; may serve many investigations */
	struct witness *witness;

	/* What came of it; owned, until investigation_finish(). The ledger may have earlier items.
	 */
	struct ledger ledger;
	size_t n_earlier, last_earlier;
	size_t n_stale; /* items of before a change: what they say may not hold any more */
	json_t *asked;
	struct diagnosis *diagnosis;
	unsigned n_rounds;
	json_t *chats;   /* requests to models, of a case (otlp.h); or NULL */
	json_t *agents;  /* subagents, the same */
	size_t n_learnt; /* items of the ledger that the engine knows */
};

/*
 * Before it runs: what was told before, those of 'items' that have "earlier", in the ledger's
 * form (ledger_restore()); new ids go on from the number 'last'.
 */
void investigation_restore(struct investigation *investigation, const json_t *items, int64_t last);

/* The engine's rounds, without a report: what a model begins with. */
int investigation_explore(struct investigation *investigation, struct error *err) MUST_CHECK;

/* One call for the next round, unless it is known or not to be had. */
void investigation_ask(struct investigation *investigation, const char *tool, const json_t *args);

/* Lets the engine weigh what others have put into the ledger, as far as it is answered. */
int investigation_learn(struct investigation *investigation, struct error *err) MUST_CHECK;

/* A report (a new reference), or NULL with 'err'. */
json_t *investigation_run(struct investigation *investigation, struct error *err);
void investigation_finish(struct investigation *investigation);
void investigation_cleanup(struct investigation *investigation);
