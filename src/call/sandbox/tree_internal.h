/*
 * The mount tree of a sandbox, and the warm template of one.
 *
 * The host's whole tree is cloned while detached, made read-only, nosuid and
 * nodev in one call, and becomes the root of a private mount namespace; the old
 * root is let go of. Secrets and the doors to other programs are covered with
 * empty, unreadable files (masks.c). Propagation is private: a mount made later
 * on the host would otherwise arrive writable.
 */
#pragma once

#include "base/error.h"
#include "call/sandbox/rules_internal.h"

/* Namespaces kept open for the next starts. */
struct tree {
	int mount_ns; /* -1: none */
	int net_ns;   /* an empty network, or -1 */
};

struct tree_request {
	enum tree_kind kind;
	uint32_t walls; /* of READ_ONLY, MASKS and NET_NS: those wanted */
	uint32_t features_off;
	const struct target *target;   /* whose unix sockets stay visible, or NULL */
	const char *const *namespaces; /* whose pods' logs stay visible; NULL: any */
};

/* Turns this process's own, new mount namespace into the tree. 0 or a negative errno. */
int tree_build(const struct tree_request *request) MUST_CHECK;

/* Private /tmp and /dev/shm over the tree that this process is in. */
int tree_add_scratch(void) MUST_CHECK;

/* A /proc of this process's own pid namespace, read-only. */
int tree_add_proc(void) MUST_CHECK;

/* Makes a template in a child and keeps its namespaces. */
int tree_open(struct tree *tree, const struct tree_request *request, struct error *err) MUST_CHECK;
void tree_close(struct tree *tree);
