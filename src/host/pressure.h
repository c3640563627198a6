/*
 * Pressure stall information: which share of the time some task, or every task
 * that could have run, waited for a resource. Kernels without it, or booted
 * with it off, have no such file: that is an answer (null), not a failure.
 */
#pragma once

#include "host/host.h"

/* As a tool's result has it, see call/tool.h. */
#define PRESSURE_RESULT                                                            \
	"{some_avg10?: number, some_avg60?: number, some_avg300?: number, "        \
	"some_total_us?: integer|null, full_avg10?: number, full_avg60?: number, " \
	"full_avg300?: number, full_total_us?: integer|null}|null"

struct pressure_line {
	double avg10, avg60, avg300; /* percent */
	uint64_t total_us;           /* since boot */
};

struct pressure {
	bool has_some, has_full; /* before 5.13 the CPU has no "full" */
	struct pressure_line some, full;
};

/* False where the text has neither line. */
bool pressure_parse(const char *text, struct pressure *pressure_out);

/* Reads "proc/pressure/cpu" or a cgroup's "…/cpu.pressure". */
bool pressure_read(const struct host *host, const char *path, struct pressure *pressure_out);

/* {some_avg10, some_avg60, some_avg300, some_total_us, full_…}, or null. A new reference. */
json_t *pressure_json(const struct host *host, const char *path);
