#include "tools/sample.h"

#include "base/clock.h"

#define DEFAULT_MS 250
#define RESERVE_NS (200 * NS_PER_MS) /* for the second reading and the answer */

uint64_t sample_wait(struct task *task, const json_t *args)
{
	uint64_t wanted = (uint64_t)json_get_int(args, "sample_ms", DEFAULT_MS) * NS_PER_MS;
	uint64_t now = clock_monotonic_ns();
	uint64_t left = task->deadline_ns > now + RESERVE_NS ? task->deadline_ns - now - RESERVE_NS
							     : NS_PER_MS;

	return host_wait(task->host, wanted < left ? wanted : left);
}

double sample_rate(uint64_t before, uint64_t after, uint64_t elapsed_ns)
{
	if (after <= before || !elapsed_ns)
		return 0;
	return (double)(after - before) * (double)NS_PER_SEC / (double)elapsed_ns;
}

json_t *sample_rate_json(uint64_t before, uint64_t after, uint64_t elapsed_ns)
{
	return json_figure(sample_rate(before, after, elapsed_ns));
}

double sample_percent(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100 / (double)whole : 0;
}
