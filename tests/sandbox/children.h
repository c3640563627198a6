/* What a launcher has started. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Waits until the process has a child: a launcher that runs nothing has raised a
 * sandbox for the next job. False after twenty seconds. */
bool children_await(pid_t pid);

/* Kills those that it has, and waits until it has none. False as above. */
bool children_kill(pid_t pid);
