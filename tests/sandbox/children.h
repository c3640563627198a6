/* What a launcher has started. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Waits until the launcher has one child, which has not told its last: what ran is gone,
 * and a sandbox is raised for the next job. False after twenty seconds. */
bool children_await(pid_t pid);

/* Kills those that it has, and waits until it has none. False as above. */
bool children_kill(pid_t pid);
