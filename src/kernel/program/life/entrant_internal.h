/* One artifact on its way into the kernel. */
#pragma once

#include "kernel/program/life/steward_internal.h"
#include "kernel/program/release.h"

struct entrant {
	struct buf signature, artifact;
	struct release release;
	struct limits limits;
	struct trust trust;
	struct load_result loaded;
	json_t *loader_says;
	json_t *program;                 /* in the journal; borrowed */
	json_t *before;                  /* the one whose place it takes, or NULL; likewise */
	enum program_state before_state; /* until then */
	struct guardian_item *held;
	size_t n_held;
	struct load_old old[LOAD_MAX_LINKS];
	size_t n_old;
	int loader_fd;
	pid_t loader;
	bool returns;    /* it was here, and what took its place was rolled back */
	const char *why; /* why the one before ends, or NULL */
};

/* Who signed it, what and for whom, and whether it was rolled back here; fills what comes of
 * that. */
int entrant_verify(struct steward *steward, const json_t *args, struct entrant *entrant,
		   struct error *err) MUST_CHECK;

/* --- before.c: the one whose place it takes, if there is one --- */

/* Its links, and that it is the one. */
int before_list(struct steward *steward, struct entrant *entrant, struct error *err) MUST_CHECK;
/*
 * From here on it is not known whose program one of its links has. Were everybody killed, that link
 * would end at its own time, which therefore must not be later than the new one's.
 */
int before_bound(struct steward *steward, const struct entrant *entrant,
		 struct error *err) MUST_CHECK;
/* Which of its links were updated is not known of a loader that died: each is given its own program
 * again, when nobody can take it away any more, and its own time. */
void before_restore(struct steward *steward, struct entrant *entrant);
int before_release(struct steward *steward, const struct entrant *entrant,
		   struct error *err) MUST_CHECK;
