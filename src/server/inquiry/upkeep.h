/* What is removed of investigations when it has become old. */
#pragma once

#include "server/store/store.h"

#define INQUIRY_UPKEEP_STEPS 6

/*
 * A batch of its own: threads that were last spoken in before that time (wall clock, ns), with
 * all that their investigations were told, 500 at most. Not those in which something runs, nor
 * those of an incident that is open.
 */
void inquiry_upkeep_steps(int64_t before, struct store_value params_out[1],
			  struct store_step steps_out[INQUIRY_UPKEEP_STEPS]);
