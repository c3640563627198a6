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
	json_t *program; /* in the journal; borrowed */
	json_t *before;  /* the one whose place it takes, or NULL; likewise */
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
int entrant_verify(const struct steward *steward, const json_t *args, struct entrant *entrant,
		   struct error *err) MUST_CHECK;
