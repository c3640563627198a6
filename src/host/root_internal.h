/* Opening a path as if a directory were the machine's root: links stay inside it. */
#pragma once

#include "base/base.h"

/* As openat2(2) with RESOLVE_IN_ROOT, also where there is none. A descriptor or a negative errno.
 */
int root_open(int root_fd, const char *path, int flags) MUST_CHECK;

/* The same, step by step, for kernels before 5.6 and emulators: not safe against a racing writer.
 */
int root_open_by_steps(int root_fd, const char *path, int flags) MUST_CHECK;
