/*
 * The investigations that `constable ask` has kept for whom the warden runs as: what a job may see
 * of them. A job cannot read their folder, which lies where the host's secrets are covered; so the
 * warden hands it, behind the arguments and unread, what its call asks for: a list, or one case.
 *
 * Who may ask is judged like any call. The folder is a place of the host too: a caller whose roots
 * do not hold it is refused; and so is a local user who is neither root nor whom we run as, as the
 * files are his alone.
 */
#pragma once

#include "call/policy.h"

#define CASES_MAX_LISTED 1000
#define CASES_MAX_FILES 65536     /* of the folder */
#define CASES_MAX_BYTES (8 * MIB) /* of one */
#define CASES_NAME_BYTES 128
#define CASES_SUFFIX ".case.json"

/* Of a warden with this state folder, which lies in that of the commands: heap text; NULL where its
 * path is not absolute. */
char *cases_find(const char *state_dir);

/* 0, or -EACCES: 'folder' is not for this caller. */
int cases_check(const struct policy *policy, const struct caller *caller, const char *folder,
		struct error *err) MUST_CHECK;

/*
 * Of the case args.name the bytes of its file, else a line "BYTES NAME" for each, newest first.
 * Where there is no folder there is none. -E2BIG where either is too large.
 */
int cases_load(const char *folder, const json_t *args, struct buf *out,
	       struct error *err) MUST_CHECK;
