/*
 * A place that the host's automounter watches: whoever looks into it makes the
 * host mount something. This one mounts nothing, and tells that it was asked.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Over a directory; 'was_asked' lies in memory shared with children. The pid of a
 * child that keeps it, or -1 with errno. */
pid_t automount_start(const char *path, bool *was_asked);
void automount_stop(pid_t pid, const char *path);
