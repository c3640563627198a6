/* Descriptors: -1 when empty, always close-on-exec. */
#pragma once

#include "base/base.h"

/* For CLEANUP(fd): closes it unless it is -1. */
void fd_cleanup(int *fd);

/* Closes and empties; keeps errno. */
void fd_close(int *fd);

/* Hands the descriptor on and empties the variable. */
int fd_take(int *fd);

/* Writes everything, also through EINTR and short writes. 0 or a negative errno; -ETIMEDOUT where a
 * socket that blocks has a time of its own (SO_SNDTIMEO), here and below (SO_RCVTIMEO). */
int fd_write_all(int fd, const void *data, size_t len) MUST_CHECK;

/* Reads exactly len bytes: 0, -EPIPE at an early end, or a negative errno. */
int fd_read_all(int fd, void *data, size_t len) MUST_CHECK;

/* A connection is a descriptor, and the usual 1024 are not many: as many as this process may have.
 */
void fd_raise_limit(void);
