/*
 * A daemon's own check of its configuration, such as "nginx -t": an argv, never
 * a shell, run behind this job's walls with a fixed environment.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/*
 * Runs it until it ends or the monotonic deadline comes (then it is killed, and
 * -ETIMEDOUT). Standard output and error go to 'output', as far as it takes
 * them. Returns the exit status, 128 + signal, or a negative errno.
 */
int command_run(char *const argv[], uint64_t deadline_ns, struct buf *output,
		struct error *err) MUST_CHECK;
