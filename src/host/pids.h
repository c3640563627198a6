/* The processes there are, by number. They come and go: a pid is a question. */
#pragma once

#include "host/host.h"

#define PIDS_MAX 65536

struct pids {
	uint32_t *list; /* ascending */
	size_t n;
	bool truncated; /* more than PIDS_MAX */
};

/* Of "proc", or the threads of a process from "proc/PID/task". 0 or a negative errno. */
int pids_read(const struct host *host, const char *folder, struct pids *pids_out) MUST_CHECK;
void pids_cleanup(struct pids *pids);
