/* read_kernel_log: what the kernel said lately, and what of it means trouble. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/lines.h"
#include "call/broker.h"
#include "logs/kernel.h"
#include "tools/catalogue.h"
#include "tools/logs/log_host.h"
#include "tools/logs/log_span.h"

#define MAX_READ_LINES 20000
#define MAX_FILE_BYTES (8 * MIB)
#define LINE_MAX_BYTES 600
/* Instants before 2001 by the wall clock are counted from boot. */
#define BOOT_TIME_LIMIT_NS (1000000000 * NS_PER_SEC)

struct reading {
	struct task *task;
	struct log_clock clock;
	struct kernel_log *log;
	json_t *lines;
	struct log_span span;
	int64_t priority;
	size_t max;
	uint64_t n_lines;
	bool truncated;
};

static void add_line(struct reading *reading, uint64_t wall_ns, int64_t priority, struct str text)
{
	double ago = log_seconds_ago(&reading->clock, wall_ns);

	if (wall_ns < reading->span.since_ns || wall_ns > reading->span.until_ns)
		return;
	reading->n_lines++;
	kernel_log_add(reading->log, text, ago);
	if (priority > reading->priority)
		return;
	if (json_array_size(reading->lines) >= reading->max) {
		(void)json_array_remove(reading->lines, 0);
		reading->truncated = true;
	}
	json_push(reading->lines, json_pack("{s:o, s:I, s:o}", "seconds_ago", json_figure(ago),
					    "priority", (json_int_t)priority, "text",
					    log_line_json(reading->task, text, LINE_MAX_BYTES)));
}

static int read_broker(struct reading *reading, struct error *err)
{
	CLEANUP(json) json_t *question = json_pack("{s:i}", "max_lines", MAX_READ_LINES);
	CLEANUP(json) json_t *answer = NULL;
	const json_t *line;
	size_t i;

	if (reading->span.since_ns) {
		uint64_t ago_ns = reading->clock.now_ns - reading->span.since_ns;

		/* The span itself is held to above. */
		json_put(question, "since_s", json_integer((json_int_t)(ago_ns / NS_PER_SEC) + 1));
	}
	answer = broker_ask(reading->task, BROKER_KERNEL_LOG, question, err);
	if (!answer)
		return err->code;
	json_array_foreach(json_object_get(answer, "lines"), i, line)
	{
		const char *text = json_get_text(line, "text", "");
		uint64_t ns = (uint64_t)json_get_int(line, "time_ns", 0);

		if (ns < BOOT_TIME_LIMIT_NS)
			ns += reading->clock.boot_ns;
		add_line(reading, ns, json_get_int(line, "priority", 6),
			 (struct str) { text, strlen(text) });
	}
	return 0;
}

/* One record of /dev/kmsg: "priority,sequence,microseconds,flags;text\n more". */
static void add_record(struct reading *reading, const char *record)
{
	uint64_t level, sequence, microseconds;
	const char *at = record, *text;

	if (!scan_u64(&at, &level) || !scan_text(&at, ",") || !scan_u64(&at, &sequence) ||
	    !scan_text(&at, ",") || !scan_u64(&at, &microseconds))
		return;
	text = strchr(at, ';');
	if (text)
		add_line(reading, reading->clock.boot_ns + microseconds * 1000, level & 7,
			 (struct str) { text + 1, strcspn(text + 1, "\n") });
}

static int read_kmsg(struct reading *reading)
{
	CLEANUP(fd) int fd = host_open(reading->task->host, "dev/kmsg", O_RDONLY);
	char record[8192 + 1];

	if (fd < 0)
		return fd;
	for (unsigned n = 0; n < MAX_READ_LINES; n++) {
		ssize_t len = read(fd, record, sizeof(record) - 1);

		/* EPIPE: the record was overwritten before it was read; the next is there. */
		if (len < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (len == 0 || clock_monotonic_ns() > reading->task->deadline_ns)
			return 0;
		record[len] = '\0';
		add_record(reading, record);
	}
	reading->truncated = true;
	return 0;
}

/* The kernel's text in a syslog or dmesg line; false if another program wrote it. */
static bool kernel_text(struct str line, struct str *text_out)
{
	const char *at = strstr(line.data, "kernel: "), *bracket;

	at = at ? at + strlen("kernel: ") : line.data;
	if (at == line.data && *at != '[')
		return false;
	bracket = *at == '[' ? strstr(at, "] ") : NULL;
	if (bracket)
		at = bracket + 2;
	*text_out = (struct str) { at, strlen(at) };
	return true;
}

static int read_file(struct reading *reading, const char *path)
{
	CLEANUP(fd) int fd = host_open(reading->task->host, path, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line, text;
	off_t size;

	if (fd < 0)
		return fd;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, size > (off_t)MAX_FILE_BYTES ? size - (off_t)MAX_FILE_BYTES : 0,
			      SEEK_SET) < 0)
		return -errno;
	reading->truncated = size > (off_t)MAX_FILE_BYTES;
	lines_init(&lines, fd, MAX_FILE_BYTES);
	while (lines_next(&lines, &line) && clock_monotonic_ns() < reading->task->deadline_ns) {
		uint64_t ns;

		if (kernel_text(line, &text) && log_time_parse(&reading->clock, line, &ns))
			add_line(reading, ns, 6, text);
	}
	return lines.error;
}

static const char *read_files(struct reading *reading, json_t *result)
{
	static const char *const paths[] = { "var/log/kern.log", "var/log/messages",
					     "var/log/syslog", "var/log/dmesg" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		int r = read_file(reading, paths[i]);

		if (r == 0 && reading->n_lines)
			return paths[i];
		if (r < 0 && r != -ENOENT)
			tool_unread(result, paths[i], r);
	}
	return NULL;
}

static const char *read_all(struct reading *reading, json_t *result)
{
	struct error err = { 0 };
	const char *source;
	int r = read_broker(reading, &err);

	if (r == 0)
		return "broker";
	if (!reading->task->host->is_fixture)
		r = read_kmsg(reading);
	if (r == 0)
		return "/dev/kmsg";
	source = read_files(reading, result);
	if (!source)
		tool_unread(result, "kernel log", r);
	return source;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(kernel_log) struct kernel_log *log = kernel_log_new();
	struct reading reading = {
		.task = task,
		.clock = host_log_clock(task->host),
		.log = log,
		.lines = json_array(),
		.priority = json_get_int(args, "priority", 7),
		.max = (size_t)json_get_int(args, "max", 100),
	};
	int r = log_span_read(args, reading.clock.now_ns, 0, &reading.span, err);
	const char *source;

	if (r < 0) {
		json_decref(reading.lines);
		return r;
	}
	source = read_all(&reading, result);
	json_put(result, "source", source ? json_string(source) : json_null());
	json_put(result, "n_lines", json_integer((json_int_t)reading.n_lines));
	json_put(result, "lines", reading.lines);
	json_put(result, "truncated", json_boolean(reading.truncated));
	kernel_log_report(log, result);
	return 0;
}

const struct tool tool_read_kernel_log = {
	.info = {
		.name = "read_kernel_log",
		.summary = "The kernel's latest messages, with OOM kills, I/O and file system errors, "
			   "hung tasks, crashes, link and table problems sorted out.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"description\":"
			  "\"only what was said in the last so many seconds\"}," LOG_SPAN_AROUND ","
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2000,\"default\":100,"
			  "\"description\":\"lines to return, the latest\"},"
			  "\"priority\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":7,\"default\":7,"
			  "\"description\":\"return lines of this priority or worse (3 is err)\"}}}",
		.result = "source: string|null, n_lines: integer, lines: [{seconds_ago: number, "
			"priority: integer, text: string}], counts: {*: integer}, "
			"*: [{seconds_ago: number, line: string, *: string|integer}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
