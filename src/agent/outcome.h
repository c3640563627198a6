/*
 * From the warden's answer to a call to the response that the link carries
 * ({content, isError, _meta}), as server/hub reads it.
 */
#pragma once

#include "call/frame.h"

enum outcome_kind {
	OUTCOME_KEPT,   /* an outcome, which lies in the spool until it is forgotten */
	OUTCOME_UNKEPT, /* nothing started, nothing is kept */
	OUTCOME_RUNS,   /* it was started before, and still runs */
};

enum outcome_kind outcome_kind_of(const struct frame *answer);
bool outcome_is_done(const struct frame *answer);
/* Its result is calls to make instead. */
bool outcome_is_plan(const struct frame *answer);

/* A new reference. */
json_t *outcome_response(const struct frame *answer);
json_t *outcome_done(const char *text);
json_t *outcome_failed(int code, const char *word, const char *sentence);
/* "Not now": the server gives it again. */
json_t *outcome_busy(const char *why);
