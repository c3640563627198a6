/*
 * The last investigations, kept as cases in STATE/cases: files of 0600, named by
 * their time, the oldest removed when there are more than the configuration says.
 */
#pragma once

#include "base/json.h"
#include "cli/command.h"

/* Keeps one; 'path_out' says where. Keeping none (0 kept_cases) is no error: "" then. */
int kept_add(const struct cli *cli, const json_t *bundle, char *path_out, size_t size,
	     struct error *err) MUST_CHECK;

/*
 * The path of a case by what a person says: a file, a kept name, or NULL for the
 * newest. -ENOENT if there is none.
 */
int kept_find(const struct cli *cli, const char *what, char *path_out, size_t size,
	      struct error *err) MUST_CHECK;

/* Names, newest first: an array of text. */
json_t *kept_list(const struct cli *cli);
/* The path of a kept case by its name alone; false where there is none. */
bool kept_path(const struct cli *cli, const char *name, char *path_out, size_t size);

/* A case from a file, of at most 8 MiB; a new reference, or NULL with 'err'. */
json_t *kept_read(const char *path, struct error *err);

/* Writes one where a person wants it, whole or not at all. */
int kept_write(const char *path, const json_t *bundle, struct error *err) MUST_CHECK;
