/* CONSTABLE_TEST_STEP=3 kills the process when it reaches step 3; linked by tests only. */
#include "call/step.h"

#include <signal.h>
#include <stdlib.h>

void step_reached(enum step step)
{
	const char *wanted = getenv("CONSTABLE_TEST_STEP");

	if (wanted && (enum step)strtol(wanted, NULL, 10) == step)
		(void)raise(SIGKILL);
}
