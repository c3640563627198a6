/*
 * How good a report is, measured against what its case expects; a pure function.
 *
 * A case (case.h) that is to be scored has a member "expect": {"verdict",
 * "cause_ids"?: [any of them is right], "host"?, "evidence"?: [{"tools": [names],
 * "host"?}]}. "evidence" is what decides: for each entry a proven claim of the
 * report must cite a result of one of its tools.
 *
 * A claim is proven if its quote stands in the bytes of the evidence it cites;
 * what the report says of itself does not count. Counted are the claims for the
 * first hypothesis: the others are allowed to be wrong.
 */
#pragma once

#include "base/json.h"

/* Refuses what is no expectation, naming the member. */
int score_check(const json_t *expect, struct error *err) MUST_CHECK;

/*
 * {"right", "verdict", "cause_id", "host", "evidence": share of what decides that is
 * cited, "claims", "unproven", "precision": share of proven claims, "calls",
 * "elapsed_ms", "model_calls", "input_tokens", "output_tokens", "cost_usd"}. 'expect'
 * was checked; 'evidence' is that of the finished case. A new reference.
 */
json_t *score_report(const json_t *expect, const json_t *report, const json_t *evidence);

/* Of many scores: how many, how many right, means of shares, sums of costs. A new reference. */
json_t *score_total(const json_t *scores);
