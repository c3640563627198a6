/*
 * A plan: a tool that is a list of calls.
 *
 * The gate judges and records a plan like any call, and its answer is the calls
 * themselves. Who asked makes them one by one, so each is judged and recorded by
 * itself and the gate never looks into a result.
 *
 * As a tool has it, a plan is a JSON array of {"tool", "args", "if"}. A text in
 * "args" that is "{name}" becomes the plan's own argument of that name; the member
 * is left out if that was not given. "if" names an argument without which the
 * whole step is left out.
 */
#pragma once

#include <jansson.h>

#define PLAN_MAX_CALLS 16

/* [{"tool", "args"}...] for these arguments; a new reference. NULL if it is no such plan. */
json_t *plan_fill(const char *plan, const json_t *args);
