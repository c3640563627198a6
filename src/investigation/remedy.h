/*
 * The remedy of a cause that was proven, as one call: offered to people, made with their approval,
 * and then verified by reading the evidence again.
 *
 * The knowledge has its template; tool and arguments are checked when it is loaded, and again once
 * they are filled from evidence: where they do not fit the tool's schema there is no call. What
 * a host says becomes a value in an argument, never more.
 */
#pragma once

#include "diagnosis/knowledge.h"
#include "investigation/investigation.h"

/* 0, or what is wrong with the call of a remedy: its tool, its risk, its arguments. */
int remedies_check(const struct knowledge *knowledge, const struct tool_info *tools,
		   struct error *err) MUST_CHECK;

/*
 * What a report says of a cause: [{"statement", "risk", "call"?: {"tool", "args"}, "undo"?,
 * "verify"?: [{"tool", "args"}]}], where "verify" is what proved the cause. A new array.
 */
json_t *remedies_new(const struct investigation *investigation, const struct cause *cause);

/*
 * Before anything else is asked: makes the call of investigation->remedy, which waits for people
 * as a model's change does, unless an earlier process of this investigation made it.
 */
int remedy_make(struct investigation *investigation, struct error *err) MUST_CHECK;

/*
 * How far back it looks: beyond what the investigation of the cause did by the time that people
 * took, or what is merely older by now would count as gone.
 */
int64_t remedy_since_s(const struct investigation *investigation);

/* Asks for what proved the cause, beside the vitals. */
void remedy_ask_again(struct investigation *investigation);

/*
 * Puts "remedy" into the report: {"cause_id", "statement", "call", "evidence", "state": "done",
 * "refused", "unanswered", "failed", or "unknown" where it may have been run, "why"?, "verified":
 * "gone", "remains" or "unknown", "sentence"}; the root cause begins with the sentence.
 */
void remedy_report(const struct investigation *investigation, json_t *report);
