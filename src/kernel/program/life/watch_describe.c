#include <string.h>

#include "base/clock.h"
#include "kernel/program/life/steward_internal.h"

double watch_cpu_percent(const struct watched *watched)
{
	double sum = 0;

	for (size_t i = 0; i < watched->n_programs; i++)
		sum += watched->cpu_percent[i];
	return sum;
}

/* As exact as a nanosecond. */
static json_t *milliseconds(double ms)
{
	return json_real((double)(uint64_t)(ms * (double)NS_PER_MS) / (double)NS_PER_MS);
}

double watch_latency_ms(const struct watched *watched)
{
	double longest = 0;

	for (size_t i = 0; i < watched->n_programs; i++)
		if (watched->ns_per_run[i] > longest)
			longest = watched->ns_per_run[i];
	return longest / (double)NS_PER_MS;
}

uint64_t watch_sum(const struct watched *watched, enum health_role role)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < watched->health.n_counters; i++)
		if (watched->health.counters[i].role == role)
			sum += watched->counters[i];
	return sum;
}

uint64_t watch_missed(const struct watched *watched)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < watched->n_programs; i++)
		sum += watched->missed[i];
	return sum;
}

/* What counts packets says so itself; else each run of what sees packets is one. */
static uint64_t count_packets(const struct watched *watched)
{
	double sum = 0;

	for (size_t i = 0; i < watched->health.n_counters; i++)
		if (watched->health.counters[i].role == HEALTH_ROLE_PACKETS)
			return watch_sum(watched, HEALTH_ROLE_PACKETS);
	for (size_t i = 0; i < watched->n_programs; i++)
		sum += watched->runs[i];
	return (uint64_t)sum;
}

json_t *watch_describe(const struct watched *watched)
{
	json_t *programs = json_array(), *counters = json_object();

	for (size_t i = 0; i < watched->n_programs; i++)
		json_push(programs, json_pack("{s:o, s:o, s:o, s:o, s:o}", "runs",
					      json_count((uint64_t)watched->runs[i]), "run_ns",
					      json_count((uint64_t)watched->run_ns[i]), "missed",
					      json_count(watched->missed[i]), "cpu_percent",
					      json_figure(watched->cpu_percent[i]), "ns_per_run",
					      json_figure(watched->ns_per_run[i])));
	for (size_t i = 0; i < watched->health.n_counters; i++)
		json_put(counters, watched->health.counters[i].name,
			 json_count(watched->counters[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu_percent",
			 json_figure(watch_cpu_percent(watched)), "latency_ms",
			 milliseconds(watch_latency_ms(watched)), "memory_kb",
			 json_count(watched->memory_bytes / KIB), "packets",
			 json_count(count_packets(watched)), "errors",
			 json_count(watch_sum(watched, HEALTH_ROLE_ERRORS)), "violations",
			 json_count(watch_sum(watched, HEALTH_ROLE_VIOLATIONS)), "missed",
			 json_count(watch_missed(watched)), "sampled_ms",
			 json_count(watched->sampled_ns / NS_PER_MS), "seconds",
			 json_count((guardian_now_ns() - watched->began_ns) / NS_PER_SEC),
			 "programs", programs, "counters", counters);
}
