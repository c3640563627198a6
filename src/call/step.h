/*
 * The steps of a durable call, so that a test can kill the warden between any two.
 *
 * step_release.c, which every product executable links, does nothing;
 * step_test.c ends the process at the step that its environment names.
 */
#pragma once

enum step {
	STEP_ACCEPTED, /* nothing is kept yet */
	STEP_KEPT,     /* the spool knows it, the log does not */
	STEP_INTENDED, /* the log knows it too, nothing runs */
	STEP_LAUNCHED, /* the job runs */
	STEP_ENDED,    /* it has ended, its result is not kept yet */
	STEP_FINISHED, /* it is, its outcome is not recorded yet */
	STEP_RECORDED, /* it is, nobody was told */
	STEP_ANSWERED,
	STEP_N,
};

void step_reached(enum step step);
