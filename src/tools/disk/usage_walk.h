/*
 * Walks a directory tree and adds up what it takes: on one mount, following no
 * link, counting a file with several names once, until a deadline.
 */
#pragma once

#include "host/host.h"

#define USAGE_NODES_MAX 20000
#define USAGE_LARGEST_MAX 20

/* A folder near the top, with all that is below it. */
struct usage_node {
	char *path; /* absolute */
	size_t parent;
	uint64_t n_bytes, n_inodes;
};

struct usage_file {
	char *path;
	uint64_t n_bytes;
};

struct usage {
	struct usage_node *nodes; /* the first is the path itself */
	size_t n_nodes;
	struct usage_file largest[USAGE_LARGEST_MAX]; /* largest first */
	size_t n_largest;
	size_t n_unreadable; /* folders */
	int unreadable_code;
	bool truncated; /* the deadline, the depth of the tree, or the number of nodes */

	/* private */
	struct usage_links *links;
};

struct usage_limits {
	unsigned depth;       /* of the nodes */
	uint64_t deadline_ns; /* monotonic */
};

/* 'path' is absolute. 0, or a negative errno where it is not a folder one may read. */
int usage_walk(const struct host *host, const char *path, const struct usage_limits *limits,
	       struct usage *usage_out) MUST_CHECK;
void usage_cleanup(struct usage *usage);
