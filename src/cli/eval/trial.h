/* A trial: one case asked anew, and how good the report is. */
#pragma once

#include "cli/command.h"

struct trial_terms {
	uint64_t timeout_ns;     /* of one host's investigation */
	const char *engine;      /* "builtin", or the name of a model */
	const json_t *catalogue; /* of tools, for a model; or NULL */
};

/* Names of the cases in a folder (files *.case.json), sorted: an array of paths. NULL with 'err'.
 */
json_t *trial_list(const char *folder, struct error *err);

/*
 * Investigates what the case asks, with its evidence for a host: the recorded report is not
 * looked at. A case with "hosts" is investigated host by host and judged as one (joint.h).
 * Gives the score (score.h) with the "case" and what was "expected"; a new reference, or NULL
 * with 'err': the case cannot be used.
 */
json_t *trial_run(const struct cli *cli, const char *path, const struct trial_terms *terms,
		  struct error *err);
