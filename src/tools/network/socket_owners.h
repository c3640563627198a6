/* Which process has which socket, as far as the broker may tell. */
#pragma once

#include "call/tool.h"

struct socket_owner {
	uint64_t inode;
	int64_t pid;
	char comm[32];
};

struct socket_owners {
	struct socket_owner *list; /* sorted by inode */
	size_t n;
};

/* Asks; notes in result.unread if nobody answers, and is empty then. */
void socket_owners_init(struct socket_owners *owners, struct task *task, json_t *result);
void socket_owners_finish(struct socket_owners *owners);
void socket_owners_cleanup(struct socket_owners *owners);

/* NULL if unknown. */
const struct socket_owner *socket_owners_find(const struct socket_owners *owners, uint64_t inode);

/* Puts "pid" and "comm", null where unknown. */
void socket_owners_put(const struct socket_owners *owners, uint64_t inode, json_t *entry);
