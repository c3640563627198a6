/*
 * An investigation that a model drives: the engine's rounds, the loop, one report.
 *
 * Start options: "engine" names a model of "models"; the others of that list are what it
 * falls back to, then the built-in engine. "conversation" is what a thread kept of
 * earlier questions. "approvals": true where a call that changes the host may be asked for, and
 * waits until a person has approved it. "skills" are own ones, {name: files} as skills_join()
 * takes them; the report's "engine" has what came of that, and which skills were read, as "skills".
 */
#pragma once

#include "investigation/loop.h"
#include "investigation/skill.h"

struct driven {
	struct line *line;
	const json_t *start;
	struct skills *skills; /* read before the walls; may be empty; own ones join them */
};

/* Whether the start asks for a model. */
bool driven_is_wanted(const json_t *start);

/*
 * A report without "elapsed_ms" (a new reference), or NULL with 'err'. 'conversation_out'
 * is set to what a thread keeps (a new reference, or NULL).
 */
json_t *driven_run(struct investigation *investigation, const struct driven *driven,
		   json_t **conversation_out, struct error *err);
