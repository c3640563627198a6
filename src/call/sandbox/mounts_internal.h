/* The mount table of this process, as /proc/self/mountinfo tells it. */
#pragma once

#include "base/base.h"

struct mount_entry {
	const char *path; /* decoded */
	const char *type;
	const char *options; /* per mount: "rw,nosuid,..." */
	const char *super;   /* of the file system: "rw,memory" */
};

/* Calls back for each mount, oldest first; stops at a negative result and returns it. */
int mounts_each(int (*handle)(const struct mount_entry *entry, void *cookie),
		void *cookie) MUST_CHECK;

/*
 * For kernels before 5.12, which have no mount_setattr(): makes every mount of
 * this namespace read-only, nosuid and nodev, one by one. Nobody else may be in
 * the namespace yet, so nothing can slip in between.
 */
int mounts_make_read_only(void) MUST_CHECK;
