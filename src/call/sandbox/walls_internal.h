/* Which walls this process is able to raise. */
#pragma once

#include "call/sandbox/launcher.h"
#include "call/sandbox/rules_internal.h"

/* Whether it has the powers that namespaces and mounts of the host take. */
bool walls_privileged(const struct launcher_test *test);

/* Whether it may at least make a user namespace to have them in. */
bool walls_user_namespaces(const struct launcher_test *test);

struct walls_choice {
	uint32_t wanted;    /* to try */
	uint32_t mandatory; /* to fail without */
};

/* What a profile gets from a process of these powers. */
struct walls_choice walls_choose(const struct rules *rules, const struct launcher_test *test,
				 uint32_t optional, bool is_privileged);
