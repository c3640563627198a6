/*
 * An order: the job that a sandbox waits for, behind its walls.
 *
 * The launcher may raise a sandbox before anybody asks for it (standby.c). Its
 * payload then sits behind every wall and reads one message from a socket: the
 * record, the three descriptors of the job, and what else it inherits.
 */
#pragma once

#include "call/sandbox/launcher.h"

struct plan;

struct command_line {
	char deadline[24], broker[12], processes[12];
	char *argv[12];
};

/* 'line' points into 'record' and 'host_root'. The job is told of 'processes_fd' unless it is -1.
 */
void command_line_build(struct command_line *line, const struct launch_record *record,
			const char *host_root, int processes_fd);

/* What a job inherits beside its input, output and error; each may be -1. */
struct inheritance {
	int broker_fd, processes_fd;
};

/* 0 or a negative errno. */
int order_send(int fd, const struct launch_record *record, const int fds[3],
	       const struct inheritance *more) MUST_CHECK;

/* A step of child.c: waits for the order, if it is not here already. */
int order_receive(struct plan *plan) MUST_CHECK;
