/*
 * What a program counts, and when it is too much: of the manifest
 *
 *	"counters"?:[{"name", "map", "key"?, "role"?:"errors"|"violations"|"packets"}]
 *	"health"?:[{"metric", "above"}]
 *	"probes"?:[{"probe", "timeout_ms"?, "above_ms"?}]: see probe.h
 *	"rollback"?:{"to":"previous"|"none", "k", "n", "delay_s", "confirm_s"}
 *
 * A counter is a number of 4 or 8 bytes: of an array at 'key', of a hash the sum of all elements
 * (of its first HEALTH_MAX_SUMMED); what each processor has of it is added up. A metric is one of
 * health_metrics, or the name of a counter. A rule is broken while the metric is greater than
 * 'above'; drops and psi_* count from what they were before the program came. The host has rules of
 * its own (health_limits), which no manifest widens: the stricter one speaks first.
 *
 * A probe is a rule too: broken while it fails, or takes more than 'above_ms'. Each is tried before
 * the program comes, which the steward notes beside it ("before_ms", or "before_error" of one that
 * failed or was too slow already, which counts no more).
 *
 * What breaks a rule in k of n checks, and still does after delay_s, is rolled back.
 */
#pragma once

#include "base/json.h"
#include "kernel/program/probe.h"
#include "kernel/program/program.h"

#define HEALTH_MAX_COUNTERS 16
#define HEALTH_MAX_RULES 16
#define HEALTH_MAX_PROBES (2 * PROBE_MAX)
#define HEALTH_ALL_RULES (HEALTH_MAX_RULES + 5 + HEALTH_MAX_PROBES)
#define HEALTH_MAX_SUMMED 4096
#define HEALTH_MAX_N 16 /* checks that are remembered */

enum health_metric {
	HEALTH_ERRORS, /* sum of the counters of that role */
	HEALTH_VIOLATIONS,
	HEALTH_CPU_PERCENT, /* of one processor */
	HEALTH_LATENCY_MS,  /* of one run */
	HEALTH_MEMORY_KB,
	HEALTH_MISSED, /* runs that the kernel left out */
	HEALTH_DROPS,  /* packets a second that the host's interfaces dropped */
	HEALTH_PSI_CPU,
	HEALTH_PSI_MEMORY,
	HEALTH_PSI_IO,
	HEALTH_N_METRICS,                                       /* from here on counters */
	HEALTH_PROBES = HEALTH_N_METRICS + HEALTH_MAX_COUNTERS, /* and from here on probes */
};

extern const char *const health_metrics[HEALTH_N_METRICS];

enum health_role {
	HEALTH_NO_ROLE,
	HEALTH_ROLE_ERRORS,
	HEALTH_ROLE_VIOLATIONS,
	HEALTH_ROLE_PACKETS,
};

struct health_rule {
	unsigned metric; /* enum health_metric, or one of those and the number of a counter, a probe
			  */
	double above;    /* of a probe: in how many milliseconds it answers, 0 for any */
	bool is_host_s;  /* of health_limits, so its name is "max_..." */
};

struct health {
	struct health_counter {
		char name[PROGRAM_NAME_BYTES];
		char map[PROGRAM_NAME_BYTES];
		uint32_t key;
		enum health_role role;
	} counters[HEALTH_MAX_COUNTERS];
	size_t n_counters;
	struct health_probe {
		struct probe probe;
		uint64_t timeout_ms;
	} probes[HEALTH_MAX_PROBES];
	size_t n_probes;
	struct health_rule rules[HEALTH_ALL_RULES];
	size_t n_rules;
	unsigned k, n;
	uint64_t delay_s, confirm_s;
	bool returns_previous;
};

/* What the host says of every program (AGENT_ROLLBACK_*). */
struct health_limits {
	double max_errors, max_violations, max_cpu_percent, max_latency_ms, max_memory_kb;
	uint64_t check_interval_s, delay_s;
	bool verifier_failure;
};

/* The documented ones, changed by "NAME=VALUE,..." with the names of the members; NULL: none.
 * -EINVAL naming what it does not take. */
int health_limits_parse(const char *text, struct health_limits *limits_out,
			struct error *err) MUST_CHECK;

/* Of a manifest, or of what the journal kept of one. 'limits' may be NULL: only what it asks.
 * -EINVAL naming the place. */
int health_parse(const json_t *manifest, const struct health_limits *limits,
		 struct health *health_out, struct error *err) MUST_CHECK;

/* Of one list of probes, "/probes/N" in its sentence: -EINVAL. */
int health_check_probes(const json_t *probes, struct error *err) MUST_CHECK;

/* "errors", "max_errors", a counter's name, or a probe's text. */
const char *health_rule_name(const struct health *health, const struct health_rule *rule);
