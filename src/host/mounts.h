/*
 * The mount table of the machine: of its first process, because a sandboxed
 * reader's own shows the sandbox's walls (everything read-only).
 *
 * Strings point into memory that the table owns, with the kernel's octal escapes
 * undone; paths are absolute.
 */
#pragma once

#include "host/host.h"

struct mount {
	uint32_t id, parent_id;
	uint32_t major, minor;
	const char *root;    /* which directory of the file system is mounted */
	const char *point;   /* where */
	const char *options; /* of this mount */
	const char *type;
	const char *source;
	const char *super_options; /* of the file system */
};

struct mounts {
	struct mount *list;
	size_t n;
	bool truncated; /* more than MOUNTS_MAX */

	/* private */
	char *text;
};

#define MOUNTS_MAX 16384

/* Parses mountinfo text, which it takes; lines that are none are left out. */
void mounts_parse(char *text, struct mounts *mounts_out);

/* 0 or a negative errno. */
int mounts_read(const struct host *host, struct mounts *mounts_out) MUST_CHECK;
void mounts_finish(struct mounts *mounts);
void mounts_cleanup(struct mounts *mounts);

/* The mount that shows 'path' (absolute): the longest, and of equals the last. Or NULL. */
const struct mount *mounts_find(const struct mounts *mounts, const char *path);

/* Whether a comma-separated list of mount options has this word. */
bool mount_has_option(const char *options, const char *word);

bool mount_is_read_only(const struct mount *mount);
bool mount_is_pseudo(const struct mount *mount);  /* holds no files of its own: proc, cgroup */
bool mount_is_image(const struct mount *mount);   /* always full by design: squashfs, iso9660 */
bool mount_is_network(const struct mount *mount); /* asking it may block for good */
