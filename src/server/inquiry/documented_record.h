/*
 * An investigation as the documented clients of /api/investigations know one: a record with other
 * names than ours, what they say of it (a priority, a status, a plan), and the answer of the
 * model that they expect, which is our report.
 */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define DOCUMENTED_ISSUE_MIN 10 /* characters */
#define DOCUMENTED_ISSUE_MAX 2000
#define DOCUMENTED_PLAN_MAX_BYTES 5000
#define DOCUMENTED_EPISODE_MAX_BYTES 255

/* Of table investigations; what follows reads rows of these, or of the second for lists. */
#define DOCUMENTED_BASE                                                                     \
	"id, caller, agents, thread, question, state, created, started, finished, engine, " \
	"tokens_in, tokens_out, "
#define DOCUMENTED_COLUMNS DOCUMENTED_BASE "request, report"
#define DOCUMENTED_BRIEF_COLUMNS                                               \
	DOCUMENTED_BASE "CASE WHEN LENGTH(request) < 65536 THEN request END, " \
			"CASE WHEN report IS NOT NULL THEN '{}' END"

/*
 * {id, user_id, agent_id, episode_id, user_prompt, priority, status, resolution_plan, ...}; what
 * a client said of it counts before what we know. A new reference.
 */
json_t *documented_record(const struct store_rows *rows, unsigned row);

/* The same without what a list does not have: plan, episode, metadata. */
json_t *documented_brief(const struct store_rows *rows, unsigned row);

/*
 * What a model would have answered: a chat completion whose content is a "resolution" in JSON, made
 * of the report. A new reference; NULL where there is no report.
 */
json_t *documented_completion(const struct store_rows *rows, unsigned row);

/*
 * The row's request with what a client says of the investigation: members status, resolution_plan
 * and episode_id of 'said', those that are there. Heap text.
 */
char *documented_say(const struct store_rows *rows, unsigned row, const json_t *said);

/* How many characters a text of UTF-8 has. */
size_t documented_length(const char *text);
