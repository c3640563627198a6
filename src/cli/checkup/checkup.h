/*
 * The checkup: what of Constable works on this machine, what does not, why, and
 * what to do about it. Each check says one line; none of them changes anything.
 */
#pragma once

#include "cli/command.h"

enum check_state {
	CHECK_OK,
	CHECK_WARN, /* it works, with less than there could be */
	CHECK_FAIL, /* something that is needed does not work */
};

struct checkup {
	struct cli *cli;
	const char *area; /* of the checks that follow */
	json_t *rows;     /* [{area, check, state, finding, advice}] */
	unsigned n[3];    /* by state */
};

/* One result. 'advice' is a sentence, or NULL where nothing need be done. */
void checkup_say(struct checkup *checkup, enum check_state state, const char *check,
		 const char *advice, const char *finding, ...) PRINTF_LIKE(5, 6);

/* Our own parts: executables, knowledge, configuration, state folder. */
void own_checks(struct checkup *checkup);

/* What the kernel and the system offer. */
void host_checks(struct checkup *checkup);

/* What stands around a real call: the warden, each wall, the broker, the audit log. */
void wall_checks(struct checkup *checkup);
