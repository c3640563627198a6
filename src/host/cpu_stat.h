/*
 * /proc/stat: what the processors did since boot, in clock ticks.
 *
 * Two readings make a usage. Guest time is part of user time, as the kernel
 * counts it; counters that run backwards (iowait does) count as no time.
 */
#pragma once

#include "host/host.h"

struct cpu_times {
	uint64_t user; /* nice included */
	uint64_t kernel;
	uint64_t idle;
	uint64_t iowait;
	uint64_t irq;
	uint64_t softirq;
	uint64_t steal;
};

struct cpu_entry {
	uint32_t number; /* not dense: processors can be off or missing */
	struct cpu_times times;
};

struct cpu_stat {
	struct cpu_times all;
	struct cpu_entry *cpus;
	size_t n_cpus;
	uint64_t n_switches, n_forks; /* since boot */
	uint64_t boot_time_s;         /* since 1970 */
	uint64_t n_runnable, n_blocked;
};

/* Percent of the time between two readings; all zero where no time passed. */
struct cpu_usage {
	double busy; /* all that is neither idle nor waiting for I/O */
	double user, kernel, iowait, irq, softirq, steal;
};

/* 0, or -EBADMSG where the text has no line of the whole machine. */
int cpu_stat_parse(const char *text, struct cpu_stat *stat_out, struct error *err) MUST_CHECK;
int cpu_stat_read(const struct host *host, struct cpu_stat *stat_out, struct error *err) MUST_CHECK;
void cpu_stat_finish(struct cpu_stat *stat);
void cpu_stat_cleanup(struct cpu_stat *stat);

/* The processor of that number, or NULL. */
const struct cpu_times *cpu_stat_find(const struct cpu_stat *stat, uint32_t number);

struct cpu_usage cpu_usage_between(const struct cpu_times *before, const struct cpu_times *after);
