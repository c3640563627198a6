/* The end of a file that may be huge, and how old a log line is. */
#pragma once

#include "host/host.h"

/*
 * The last bytes of a regular file, as many as the buffer's ceiling, from the
 * beginning of a line on. 0 or a negative errno (-EINVAL: not a regular file).
 */
int host_tail(const struct host *host, const char *path, struct buf *buf);
