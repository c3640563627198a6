/* Which walls this process is able to raise. */
#pragma once

#include "call/sandbox/launcher.h"
#include "call/sandbox/rules_internal.h"

/* What this process can do, asked once. */
struct powers {
	bool is_privileged;       /* namespaces, mounts and users of the host */
	bool can_change_user;     /* at least that: root of a container */
	bool has_user_namespaces; /* at least one of its own to have them in */
	int landlock_abi;
};

struct powers walls_powers(const struct launcher_test *test);

struct walls_choice {
	uint32_t wanted;    /* to try */
	uint32_t mandatory; /* to fail without */
	unsigned calls;     /* enum call_set, fewer where a wall is not to be had */
};

/* What a profile gets from a process of these powers. */
struct walls_choice walls_choose(const struct rules *rules, const struct powers *powers,
				 uint32_t off, uint32_t optional);
