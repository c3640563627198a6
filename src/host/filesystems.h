/*
 * Figures of every mounted file system, by statvfs(3) on its mount point.
 *
 * Left out are those whose figures cannot be asked for without harm or by path:
 * pseudo and network file systems (a dead server would hold the caller for good),
 * and mounts that a later one hides.
 */
#pragma once

#include "host/mounts.h"

/* Whether its figures can be asked for by path. */
bool filesystem_has_figures(const struct mounts *mounts, size_t i);

/* Mounted over by a later one. */
bool filesystem_is_hidden(const struct mounts *mounts, size_t i);

/*
 * {MOUNT: {block_bytes, blocks, blocks_free, blocks_available, inodes, inodes_free}};
 * those that cannot be read are left out. Also what a fixture records as "statfs".
 */
json_t *filesystems_json(const struct host *host);

/*
 * The same of those that this process finds where the machine's first one has them: a job has a
 * view of its own, perhaps from before a mount, with some places covered. 'n_unseen_out' are the
 * others.
 */
json_t *filesystems_seen_json(const struct host *host, const struct mounts *mounts,
			      size_t *n_unseen_out);
