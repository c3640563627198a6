#include "tools/logs/log_host.h"

#include <fcntl.h>
#include <time.h>

#include "base/fd.h"
#include "base/lines.h"
#include "call/redact.h"

static uint64_t boot_seconds(const struct host *host)
{
	CLEANUP(fd) int fd = host_open(host, "proc/stat", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;
	uint64_t seconds = 0;

	if (fd < 0)
		return 0;
	lines_init(&lines, fd, MIB);
	while (lines_next(&lines, &line)) {
		const char *at = line.data;

		if (scan_text(&at, "btime") && scan_u64(&at, &seconds))
			return seconds;
	}
	return 0;
}

struct log_clock host_log_clock(const struct host *host)
{
	struct log_clock clock = { .now_ns = host_now_ns(host) };
	time_t now = (time_t)(clock.now_ns / NS_PER_SEC);
	struct tm local = { 0 };

	clock.boot_ns = boot_seconds(host) * NS_PER_SEC;
	if (!host->is_fixture && localtime_r(&now, &local))
		clock.zone_s = local.tm_gmtoff;
	return clock;
}

double log_seconds_ago(const struct log_clock *clock, uint64_t wall_ns)
{
	double ago_ms = ((double)clock->now_ns - (double)wall_ns) / (double)NS_PER_MS;

	/* Rounded without libm: a library more is a twentieth of a job's start. */
	return (double)(int64_t)(ago_ms + (ago_ms < 0 ? -0.5 : 0.5)) / 1000;
}

static json_t *cut(struct str line, size_t max)
{
	size_t len = line.len < max ? line.len : max;

	while (len < line.len && len && ((unsigned char)line.data[len] & 0xc0) == 0x80)
		len--;
	return json_text(line.data, len);
}

json_t *log_line_json(const struct task *task, struct str line, size_t max)
{
	CLEANUP(buf) struct buf text = { 0 };

	if (line.len <= max)
		return json_text(line.data, line.len);
	buf_init(&text, 2 * LINES_MAX_BYTES);
	(void)redact_text(task->redactor, line.data, line.len, &text);
	return cut((struct str) { buf_text(&text), text.len }, max);
}
