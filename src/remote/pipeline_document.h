/* The document of a pipeline (server/pipeline/pipeline.h), from what a person typed. */
#pragma once

#include "cli/option.h"
#include "base/json.h"

#define PIPELINE_LISTS 8

/* Options of create and edit; lists are texts with commas, as typed. */
struct pipeline_options {
	const char *file; /* of the whole document; "-": standard input */
	const char *lists[PIPELINE_LISTS];
	const char *labels, *engine, *position, *remedies;
	uint64_t before_ns, after_ns, time_ns, calls;
	int goes_on, stops, enables, disables, wants_json;
};

/* Reads them; 'words' are what is left: a name, and matchers. 0, or -EINVAL with 'err'. */
int pipeline_options_read(struct pipeline_options *options, int argc, char **argv,
			  struct words *words_out, struct error *err) MUST_CHECK;

/*
 * Puts what was given into 'document'; lists replace those that are there. Matchers are the
 * words behind the first. -EINVAL, and what reading the file says.
 */
int pipeline_options_apply(const struct pipeline_options *options, const struct words *words,
			   json_t *document, struct error *err) MUST_CHECK;
