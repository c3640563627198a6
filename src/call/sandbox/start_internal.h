/* What jobs and helpers are started with alike. */
#pragma once

#include "call/sandbox/serve_internal.h"

/* Jobs that run at the same time have different uids, so they cannot touch each
 * other; the last ones are the helpers'. */
#define FIRST_UID 64000
#define HELPER_UID(helper) (FIRST_UID + LAUNCHER_MAX_JOBS + (helper))

/* Our own user, and no descriptor. */
void start_set_powers(struct plan *plan, struct serve *serve);

/* 'filter' is where that of these rules is kept. */
void start_set_walls(struct plan *plan, struct serve *serve, const struct rules *rules,
		     unsigned filter, unsigned more_calls);
