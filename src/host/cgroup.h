/*
 * Control groups of either version, and of both at once (hybrid).
 *
 * A controller lives in one tree; a cgroup is named by its path in that tree,
 * "/" being the top of what this machine shows: on a container the container's
 * own cgroup, whose limits are the container's.
 */
#pragma once

#include "host/host.h"

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_FREEZER,
	CGROUP_IO, /* version 1 calls it blkio */
	CGROUP_N_CONTROLLERS,
};

enum cgroup_mode {
	CGROUP_MODE_NONE,
	CGROUP_MODE_V1,
	CGROUP_MODE_V2,
	CGROUP_MODE_HYBRID,
};

#define CGROUP_PATH_BYTES 512
#define CGROUP_LIST_MAX 4096
#define CGROUP_DEPTH_MAX 12

struct cgroup_tree {
	unsigned version;            /* 1, 2, or 0 where the machine has no such controller */
	char mount[256];             /* relative to the host's root */
	char top[CGROUP_PATH_BYTES]; /* the path, seen from the kernel, of the mount's "/" */
};

struct cgroups {
	enum cgroup_mode mode;
	struct cgroup_tree trees[CGROUP_N_CONTROLLERS];
};

/* Looks where the controllers are mounted. */
void cgroups_find(const struct host *host, struct cgroups *cgroups_out);

const char *cgroup_mode_name(enum cgroup_mode mode);

/* The cgroup that the text of /proc/PID/cgroup names for a controller; false if none. */
bool cgroup_path_parse(const struct cgroups *cgroups, enum cgroup_controller controller,
		       const char *text, char path_out[CGROUP_PATH_BYTES]);

/* Where a process is, "PID" or "self". */
bool cgroup_path_of(const struct host *host, const struct cgroups *cgroups,
		    enum cgroup_controller controller, const char *pid,
		    char path_out[CGROUP_PATH_BYTES]);

/* The path best known to people: of memory, else systemd, else any. "" if none. */
void cgroup_name_parse(const char *text, char path_out[CGROUP_PATH_BYTES]);

struct cgroup_list {
	char **paths; /* parents before children */
	size_t n;
	bool truncated; /* more than CGROUP_LIST_MAX, or deeper than CGROUP_DEPTH_MAX */
};

/* All cgroups of a controller's tree, those of our own jobs left out. */
void cgroup_list_read(const struct host *host, const struct cgroups *cgroups,
		      enum cgroup_controller controller, struct cgroup_list *list_out);
void cgroup_list_finish(struct cgroup_list *list);
void cgroup_list_cleanup(struct cgroup_list *list);

/* Reads a file of a cgroup as text; length or a negative errno. */
ssize_t cgroup_read(const struct host *host, const struct cgroup_tree *tree, const char *path,
		    const char *file, char *text, size_t size) MUST_CHECK;

/* One number; UINT64_MAX is "max" and what version 1 writes for no limit. */
bool cgroup_read_u64(const struct host *host, const struct cgroup_tree *tree, const char *path,
		     const char *file, uint64_t *value_out);

/* Whether a process is kept from running by its cgroup, "PID" or "self"; false where nobody can
 * say. */
bool cgroup_is_frozen(const struct host *host, const struct cgroups *cgroups, const char *pid);

/* Cuts the last component off; false at the top. */
bool cgroup_parent(char path[CGROUP_PATH_BYTES]);
