/* One question to this host, from asking to showing: what `ask`, `up` and the interactive mode
 * share. */
#pragma once

#include "cli/ask/investigator.h"
#include "cli/ask/written.h"

struct inquiry {
	const char *question; /* "" asks what is wrong with this host */
	const char *save;     /* where to write the case, or NULL */
	enum investigation_extent extent;
	uint64_t since_ns;
	uint64_t timeout_ns;
	const char *engine; /* "builtin" or a model's name */
	enum written format;
};

/*
 * Investigates, keeps the case, shows the report. Fills 'investigation' for
 * follow-ups. Returns an exit status; any verdict is EXIT_DONE.
 */
int inquiry_run(struct cli *cli, const struct inquiry *inquiry,
		struct investigation *investigation);
