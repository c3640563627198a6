/* Lines of logs: their time is never in the future, and the kernel's keep their bounds. */
#include "harness.h"

#include <assert.h>

#include "logs/kernel.h"
#include "logs/logs.h"

#define NOW_NS (UINT64_C(1763830000) * NS_PER_SEC)

static void add_to_kernel_log(struct kernel_log *log, const uint8_t *data, size_t size)
{
	size_t start = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && data[i] != '\n')
			continue;
		kernel_log_add(log, (struct str) { (const char *)data + start, i - start }, 1.5);
		start = i + 1;
	}
}

static void look_at_words(struct str line)
{
	char skeleton[64];
	size_t len = log_skeleton(line, skeleton, sizeof(skeleton));

	assert(len < sizeof(skeleton) && skeleton[len] == '\0');
	assert(log_severity(line) <= LOG_SEVERITY_INFO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log_clock clock = {
		.now_ns = NOW_NS,
		.boot_ns = NOW_NS - 3600 * NS_PER_SEC,
		.zone_s = 3600,
	};
	CLEANUP(kernel_log) struct kernel_log *log = kernel_log_new();
	CLEANUP(json) json_t *report = json_object();
	uint64_t wall_ns = 0;

	(void)log_time_parse(&clock, (struct str) { (const char *)data, size }, &wall_ns);
	look_at_words((struct str) { (const char *)data, size });
	add_to_kernel_log(log, data, size);
	kernel_log_report(log, report);
	assert(json_is_object(json_object_get(report, "counts")));
	return 0;
}
