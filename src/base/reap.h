/*
 * A child's end, waited for with a limit: a process that was killed ends only when the kernel lets
 * it, which may be never (a disk or a file server that does not answer), and one that somebody
 * traces is not handed to its parent.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

#define REAP_LIMIT_NS (2 * NS_PER_SEC)

struct rusage;

/* Kills a child of ours and takes its end; 'usage_out' may be NULL. False where it has not ended
 * after that time: it stays a child, for whoever reaps later. */
bool reap_killed(pid_t pid, uint64_t limit_ns, struct rusage *usage_out);
