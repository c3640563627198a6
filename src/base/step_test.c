/*
 * CONSTABLE_TEST_STEP=gate-kept ends the process when it reaches that step, without another word;
 * gate-kept:3 when it does so for the third time. Linked by tests only. Not by a signal: the
 * walls of a process let it send none, not even to itself.
 */
#include "base/step.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AS_IF_KILLED 137

/* The walls of a job leave it none of the environment: its executable knows the step. */
#ifndef STEP_WANTED
#define STEP_WANTED getenv("CONSTABLE_TEST_STEP")
#endif

void step_reached(const char *step)
{
	static unsigned long n_reached;
	const char *wanted = STEP_WANTED;
	size_t len = strlen(step);

	if (!wanted || strncmp(wanted, step, len) != 0 || (wanted[len] && wanted[len] != ':'))
		return;
	if (wanted[len] && ++n_reached < strtoul(wanted + len + 1, NULL, 10))
		return;
	_exit(AS_IF_KILLED);
}
