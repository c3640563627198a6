/*
 * Called by the name of a program whose place we take (vm-agent, nannyagent,
 * local-agent), its documented verbs and flags become our commands.
 */
#pragma once

#include "base/error.h"

#define NAMES_MAX_WORDS 128

struct names_translation {
	int argc;
	char *argv[NAMES_MAX_WORDS + 1]; /* borrowed from argv and constants */
};

/*
 * Called by our own name argv stays as it is. -EINVAL for what those documents do
 * not have.
 */
int names_translate(int argc, char **argv, struct names_translation *translation_out,
		    struct error *err) MUST_CHECK;
