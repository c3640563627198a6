/* What a run and its legs ask of people, in memory: appeals are in the store (appeal.h). */
#pragma once

#include "server/inquiry/appeal.h"
#include "server/inquiry/leg_internal.h"

/* As its run knows it, also from before a restart. */
struct appeal {
	struct appeal *next;
	char id[APPEAL_ID_BYTES], agent[HUB_ID_BYTES], call[HUB_ID_BYTES];
	char *text;        /* what a question asks, canonical; NULL: it is a change */
	char *answer;      /* or NULL */
	json_int_t number; /* that its investigator waits with; 0: it does not */
	uint64_t asked_ns; /* since when it does; monotonic */
	bool is_open;
	bool is_tool; /* of an MCP server of others; 'call' is its own id */
	bool is_form; /* that such a server asks in the middle of a call */
};

/* What is asked, cut to what is shown: {"text", "choices"}. */
json_t *appeal_words_of(const json_t *asked);
/* {"what was asked": "the answer"}, as clients send it, or anything: the words count. */
void appeal_write_answers(const json_t *answers, struct buf *out);

/* What its investigator asks people, and does not wait for any more. */
void leg_take_question(struct leg *leg, const json_t *asked);
void leg_take_question_timeout(struct leg *leg, const json_t *told);
void leg_forget_questions(const struct leg *leg);
/* A call waits for its approval; 'data' is what clients are told of it. */
void appeal_for_change(struct leg *leg, const char *call, uint64_t expires_ns, const json_t *data);

/* A call of a tool of others waits; returns its id, which is also its call. */
const char *appeal_for_tool(struct leg *leg, uint64_t expires_ns, json_t *data);
/* One of them asks a person; the same, and its end. elicit.c hears the answer. */
const char *appeal_for_form(struct leg *leg, uint64_t expires_ns, json_t *data);
void appeal_end_form(struct run *run, const char *id, const char *state);
void elicit_give(struct run *run, const char *appeal, const char *text);
/* ask_foreign.c: what a person decided of it, "approved" or "refused". */
void ask_decide(struct run *run, const char *appeal, const char *verdict);

/* The open questions of its investigators get an answer; false if there are none. */
bool run_answer(struct run *run, const json_t *answers, const char *by);
/* The answer to one, which is in the store. */
void run_give(struct run *run, const char *id, const char *text);
/* The same as another server sent it: {"appeal", "text" or "sealed"}. */
void run_give_order(struct run *run, const json_t *words);
/* A change has an outcome, which is calls.state, or stopped waiting. */
void appeal_end_change(struct run *run, const char *call, const char *state, const char *sentence);
/* Rows of appeals_sql: what was asked before a restart. */
extern const char appeals_sql[];
void appeals_load(struct run *run, const struct store_rows *rows);
void appeals_free(struct run *run);
