/*
 * The remedy of a cause that an investigation of the built-in engine has proven.
 *
 * It is offered by an investigation of its own, in a thread of its own, whose row is written in the
 * batch that ends the first: so the first one's report waits for nobody, and no restart loses the
 * offer. Its investigator asks for that one call, which waits for a person as a model's change
 * does, and reads again what proved the cause. How that ended goes into the first one's report, in
 * the batch that ends the second: {"state", "why"?, "verified"?, "investigation", "evidence"?} as
 * "offer" of the remedy, "state" being "awaiting-approval", "done", "refused", "unanswered",
 * "failed", "unknown", "withdrawn" or "not-offered". It takes no place of those that may run at
 * once.
 */
#pragma once

#include "server/inquiry/run_internal.h"

#define REMEDY_MAX_WAITING 8 /* of an org, on one server; beyond, a report only says what to do */

bool run_is_remedy(const struct run *run);

/*
 * Says in the report whether the remedy is offered. A run that offers it, among no others yet, or
 * NULL; it is remedy_write()'s, in the batch that ends this one, and then run->remedy.
 */
struct run *remedy_offer(struct run *run, json_t *report);
void remedy_write(struct run *run, struct run *offer);

/* It is in the store: it begins. */
void remedy_begin(struct run *run);

/* In the batch that ends it: how it ended, with its report or 'why' it has none. */
void remedy_write_end(struct run *run, const json_t *report, const char *why);

/* NULL: it may ask for this call; else why not. */
const char *remedy_fault(const struct leg *leg, const char *tool, const char *args);

/* What came of a call that may not be asked for: "denied", or as it was tried before a restart. */
const char *remedy_outcome(const struct run *run, const char *tool, const char *args);
