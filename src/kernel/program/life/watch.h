/*
 * What attached programs do, looked at now and then.
 *
 * The kernel counts runs only while somebody wants it to, and then every program of the host pays
 * for it: the steward asks the launcher, who alone may, for such a time (a tenth of each period, a
 * second at most), and takes it to stand for the whole period. A period is the check interval of
 * health_limits, less for a canary. Counters and memory are read at its end.
 */
#pragma once

#include "base/json.h"
#include "kernel/program/health.h"
#include "kernel/program/life/drops.h"
#include "kernel/program/life/figures.h"
#include "kernel/program/load/load.h"

#define WATCH_MAX 65 /* a host's most, and one that comes while another goes */
#define PROBED_ERROR_BYTES 96

struct watched {
	uint64_t id;
	struct health health;
	int programs[MANIFEST_MAX_PROGRAMS], maps[LOAD_MAX_MAPS]; /* the guardian holds them too */
	size_t n_programs, n_maps;
	int counter_maps[HEALTH_MAX_COUNTERS]; /* of those, or -1 */
	struct figures begin[MANIFEST_MAX_PROGRAMS];
	bool is_in_window;
	uint64_t began_ns, seen_until_ns; /* CLOCK_BOOTTIME: the whole, and what is estimated */

	/* What its probes said last. */
	bool wants_probing, is_probed;
	struct probed {
		double ms;
		char error[PROBED_ERROR_BYTES]; /* "": it answered */
	} probed[HEALTH_MAX_PROBES];

	/* As found at the end of the last window. */
	double runs[MANIFEST_MAX_PROGRAMS], run_ns[MANIFEST_MAX_PROGRAMS]; /* since began_ns */
	double cpu_percent[MANIFEST_MAX_PROGRAMS], ns_per_run[MANIFEST_MAX_PROGRAMS];
	uint64_t missed[MANIFEST_MAX_PROGRAMS];
	uint64_t counters[HEALTH_MAX_COUNTERS];
	uint64_t memory_bytes;
	uint64_t sampled_ns;
	unsigned n_windows;

	/* What the rules of its health say, see judge.c. */
	uint32_t broken[HEALTH_ALL_RULES]; /* of each check a bit, the last one's lowest */
	double values[HEALTH_ALL_RULES];
	double baseline[HEALTH_N_METRICS];
	uint64_t drops;  /* of the watch, when last looked at */
	ssize_t accused; /* rule, since accused_ns */
	uint64_t accused_ns, looked_ns;
};

struct watch {
	struct watched *programs[WATCH_MAX];
	size_t n;
	int statistics; /* while it is open the kernel counts; or -1 */
	uint64_t next_ns, window_began_ns;
	uint64_t period_ns;
	struct drops drops;
};

struct steward;

void watch_init(struct watch *watch);
void watch_finish(struct watch *watch);

/* Looks at what is attached by now, and begins and ends windows; the next time it has to. */
uint64_t watch_tend(struct steward *steward);

/* Of what is attached no longer it holds nothing any more. */
void watch_drop_ended(struct steward *steward);

/* The launcher's answer: a descriptor that is taken over, or -1 where it cannot. */
void watch_take(struct steward *steward, int statistics);

struct watched *watch_find_id(const struct watch *watch, uint64_t id);
struct watched *watch_find(const struct watch *watch, const json_t *program);

/* {"cpu_percent", "latency_ms", "memory_kb", "packets", "errors", "violations", "missed",
 * "sampled_ms", "seconds", "programs":[{"runs", "run_ns", "missed", "cpu_percent", "ns_per_run"}],
 * "counters":{NAME: N}}, or NULL where nothing was seen yet. A new reference. */
json_t *watch_describe(const struct watched *watched);

double watch_cpu_percent(const struct watched *watched);
double watch_latency_ms(const struct watched *watched);
uint64_t watch_sum(const struct watched *watched, enum health_role role);
uint64_t watch_missed(const struct watched *watched);
