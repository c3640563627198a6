/*
 * Runs a foreign program to its end, or until its time is over, and keeps a
 * bounded part of what it writes. When run_program() returns, nothing that the
 * program started and that can be found still runs; behind the sandbox's walls
 * the end of its process namespace takes the rest.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* What a pipe takes before anybody reads, and more than a script has. */
#define RUN_SCRIPT_MAX_BYTES (32 * KIB)
#define RUN_SCRIPT_FD 3
#define RUN_SCRIPT_PATH "/proc/self/fd/3"

struct progress;

struct run_request {
	char *const *argv; /* NULL-terminated; looked up in the PATH of run_environment */
	const char *input; /* for its standard input, or NULL for none */
	size_t n_input;
	const char *script; /* for its descriptor 3, RUN_SCRIPT_PATH; at most RUN_SCRIPT_MAX_BYTES;
			     * or NULL for none */
	uint64_t deadline_ns;      /* monotonic */
	struct progress *progress; /* gets what it writes as it comes; or NULL */
};

struct run_outcome {
	int exit_status; /* or -1 */
	int signal;      /* that ended it, or 0 */
	bool timed_out;
	bool flooded;              /* wrote so much that it was stopped */
	struct buf output, errors; /* born with their ceilings by the caller */
	uint64_t elapsed_ns;
};

/* 0, or a negative errno with a sentence if it could not be started. */
int run_program(const struct run_request *request, struct run_outcome *outcome,
		struct error *err) MUST_CHECK;

/* What programs see of the caller's environment: nothing but this. */
extern const char *const run_environment[];
