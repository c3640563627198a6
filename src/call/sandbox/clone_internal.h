/* The clone that a sandbox begins with. */
#pragma once

#include "call/sandbox/serve_internal.h"

/*
 * Runs the plan in a child with namespaces of its own, in the control group of
 * 'leaf' (NULL: none). Returns its pid, or -1 with errno; 'pidfd_out' is set to a
 * descriptor of it or -1.
 */
pid_t clone_run(const struct serve *serve, struct plan *plan, const struct leaf *leaf,
		int *pidfd_out);
