/*
 * Answers with a descriptor, over a UNIX socket: how a process that may start programs hands
 * the end of a socket to one that may not (keeper.h, investigation/starter.h).
 */
#pragma once

#include "base/base.h"

/* A number, and 'fd' unless it is negative; the descriptor stays the sender's. 0 or a negative
 * errno. */
int fd_pass(int socket, int64_t value, int fd);

/*
 * Waits for one. 'fd_out' is -1 where no descriptor came. -EPIPE where the other side is gone or
 * late: then the socket is shut down, so that a late answer is not taken for the next one's.
 */
int fd_pass_receive(int socket, int timeout_ms, int64_t *value_out, int *fd_out) MUST_CHECK;
