/*
 * A tool that is a plan (call/plan.h): the warden answers with calls, and they are made
 * here, PLAN_AT_ONCE at once, each through the gate. Each has the time that is left to the plan but
 * PLAN_SPARE_NS: what is late then has an error for a result, and the plan is answered in time.
 *
 * They have ids of their own, ID-0, ID-1, ..., so none runs twice when the plan has to
 * be made again: their answers lie in the spool until the plan's outcome is acknowledged.
 */
#pragma once

#include "agent/calls_internal.h"

#define PLAN_AT_ONCE 4
#define PLAN_SPARE_NS NS_PER_SEC        /* of little time an eighth */
#define PLAN_RESULT_MAX_BYTES (2 * MIB) /* of all calls together; what is beyond is left out */

/* Takes the answer's calls; 'call' is told by call_tell() when all are made. */
void plan_start(struct call *call, const struct frame *answer);
/* Stops, and tells the server so. */
void plan_cancel(struct call *call);
void plan_free(struct plan *plan);

/* Whether an id is that of a call of a plan. */
bool plan_is_part(const char *call_id);
/* The warden may forget the calls of this plan. */
void plan_forget_parts(struct warden *warden, const char *call_id, unsigned n);
