/* One record over a stream, with at most one descriptor. */
#pragma once

#include "kernel/program/life/guardian.h"

int record_send(int socket, const struct guardian_record *record, int fd) MUST_CHECK;

/* -EPIPE at the end; 'fd_out' is -1 where none came. */
int record_receive(int socket, struct guardian_record *record_out, int *fd_out) MUST_CHECK;
