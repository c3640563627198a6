/* The payload's steps: each gives something away for good. 0 or a negative errno. */
#pragma once

#include "call/sandbox/plan_internal.h"

int drop_new_session(struct plan *plan);
int drop_set_limits(struct plan *plan);
int drop_bounding_set(struct plan *plan);
int drop_lock_securebits(struct plan *plan);
int drop_become_user(struct plan *plan);
int drop_set_capabilities(struct plan *plan);
int drop_refuse_new_privileges(struct plan *plan);
int drop_landlock(struct plan *plan);
int drop_filter(struct plan *plan);
int drop_execute(struct plan *plan);

/* For the first process, which only waits from here on: all capabilities. */
void drop_everything(void);
