/*
 * What a rollback brings back: two files of each program, its archive and what was given with it.
 * They are of this boot only, as what they are of is, and so are not synced.
 */
#pragma once

#include "kernel/program/life/steward_internal.h"

/* What was applied, kept while the program is attached and while the one that took its place
 * is; 'archive' is what 'args' has the Base64 of. */
int kept_save(const struct steward *steward, const json_t *program, const json_t *args,
	      struct str archive, struct error *err) MUST_CHECK;
/* The same archive with other arguments. */
int kept_replace(const struct steward *steward, const json_t *program, const json_t *args,
		 struct error *err) MUST_CHECK;
/* A new reference, or NULL with 'err'. */
json_t *kept_load(const struct steward *steward, int64_t id, struct error *err);
void kept_forget(const struct steward *steward, int64_t id);
/* All that cannot come back by what the journal says. */
void kept_tidy(const struct steward *steward);
