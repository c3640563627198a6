/*
 * Runs one investigation in a constable-investigator child, which has neither
 * network nor host: it asks for tools over one descriptor, and this side
 * forwards its calls (and nothing else) to the gate.
 */
#pragma once

#include "cli/command.h"

struct investigation {
	const char *question;
	uint64_t since_s;    /* the window begins this long ago */
	uint64_t timeout_ms; /* of the whole investigation */

	/* Each {type, data, ...} as it happens (DESIGN: SSE events); may be NULL. */
	void (*event)(void *data, const json_t *event);
	void *data;

	/* Filled: new references, the bundle NULL if none came. */
	json_t *report;
	json_t *bundle;
};

int investigate(const struct cli *cli, struct investigation *investigation,
		struct error *err) MUST_CHECK;

/* Recomputes the report of a bundle, with host and network denied. */
int investigate_replay(const struct cli *cli, const char *bundle_path, json_t **report_out,
		       struct error *err) MUST_CHECK;

void investigation_finish(struct investigation *investigation);
void investigation_cleanup(struct investigation *investigation);
