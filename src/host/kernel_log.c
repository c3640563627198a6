#include "host/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/klog.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define RECORD_BYTES 8192 /* the kernel's own limit for a read of /dev/kmsg */
#define TEXT_MAX_BYTES (4 * MIB)
#define KLOG_READ_ALL 3
#define KLOG_SIZE_BUFFER 10

static json_t *line_json(uint64_t time_ns, uint64_t level, struct str text)
{
	return json_pack("{s:o, s:i, s:i, s:o}", "time_ns", json_count(time_ns), "priority",
			 (int)(level & 7), "facility", (int)((level >> 3) & 0x7fff), "text",
			 json_str(text));
}

json_t *kernel_log_parse_record(const char *record)
{
	uint64_t level, sequence, us;
	const char *at = record;
	const char *text;

	/* "6,339,5140900,-;text", then lines of properties that begin with a blank. */
	if (!scan_u64(&at, &level) || !scan_text(&at, ",") || !scan_u64(&at, &sequence) ||
	    !scan_text(&at, ",") || !scan_u64(&at, &us) || us > UINT64_MAX / 1000)
		return NULL;
	text = strchr(at, ';');
	if (!text)
		return NULL;
	text++;
	return line_json(us * 1000, level, (struct str) { text, strcspn(text, "\n") });
}

json_t *kernel_log_parse_line(struct str line)
{
	const char *at = line.data, *end = line.data + line.len;
	uint64_t level = 6, time_ns = 0;
	double seconds;

	if (scan_text(&at, "<") && (!scan_u64(&at, &level) || !scan_text(&at, ">")))
		return NULL;
	/* Without printk.time there is no stamp. */
	if (scan_text(&at, "[") && scan_double(&at, &seconds) && seconds < 1e9 &&
	    scan_text(&at, "]")) {
		time_ns = (uint64_t)(seconds * 1e9);
		at += *at == ' ';
	}
	if (at > end)
		return NULL;
	return line_json(time_ns, level, (struct str) { at, (size_t)(end - at) });
}

static void keep_newest(json_t *lines, size_t max)
{
	json_t *newest;

	if (json_array_size(lines) <= max)
		return;
	newest = json_array();
	for (size_t i = json_array_size(lines) - max; i < json_array_size(lines); i++)
		json_push(newest, json_incref(json_array_get(lines, i)));
	(void)json_array_clear(lines);
	(void)json_array_extend(lines, newest);
	json_decref(newest);
}

/* Takes 'line'. */
static void keep(json_t *lines, json_t *line, const struct kernel_log_query *query,
		 uint64_t not_before_ns)
{
	if (!line)
		return;
	if ((uint64_t)json_get_int(line, "time_ns", 0) < not_before_ns) {
		json_decref(line);
		return;
	}
	/* Dropping the first moves the rest; so it is done in batches. */
	if (json_array_size(lines) >= 2 * query->max_lines)
		keep_newest(lines, query->max_lines);
	json_push(lines, line);
}

static uint64_t not_before(const struct kernel_log_query *query)
{
	struct timespec now;
	uint64_t now_ns, since_ns = (uint64_t)(query->since_s * 1e9);

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
	return since_ns && since_ns < now_ns ? now_ns - since_ns : 0;
}

static int read_device(const struct host *host, const struct kernel_log_query *query, json_t *lines,
		       uint64_t *lost_out)
{
	CLEANUP(fd) int fd = host_open(host, "dev/kmsg", O_RDONLY);
	uint64_t from_ns = not_before(query);
	char record[RECORD_BYTES + 1];

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t len = read(fd, record, RECORD_BYTES);

		if (len == 0 || (len < 0 && errno == EAGAIN))
			return 0;
		if (len < 0 && errno == EPIPE) {
			++*lost_out; /* overwritten before it was read; the next read goes on */
			continue;
		}
		if (len < 0 && errno != EINTR)
			return -errno;
		if (len < 0)
			continue;
		record[len] = '\0';
		keep(lines, kernel_log_parse_record(record), query, from_ns);
	}
}

static int read_call(const struct kernel_log_query *query, json_t *lines)
{
	CLEANUP(buf) struct buf text = { 0 };
	uint64_t from_ns = not_before(query);
	struct str line;
	const char *at;
	int size = klogctl(KLOG_SIZE_BUFFER, NULL, 0);

	if (size <= 0)
		return size < 0 ? -errno : -ENODATA;
	if ((size_t)size > TEXT_MAX_BYTES)
		size = (int)TEXT_MAX_BYTES;
	buf_init(&text, (size_t)size);
	while (text.len < (size_t)size)
		buf_add(&text, "                ", 16);
	size = klogctl(KLOG_READ_ALL, text.data, size);
	if (size < 0)
		return -errno;
	text.data[size] = '\0';
	at = text.data;
	while (scan_line(&at, &line))
		keep(lines, kernel_log_parse_line(line), query, from_ns);
	return 0;
}

json_t *kernel_log_read(const struct host *host, const struct kernel_log_query *query,
			struct error *err)
{
	json_t *lines = json_array();
	uint64_t lost = 0;
	int r = read_device(host, query, lines, &lost);

	if (r < 0 && !host->is_fixture)
		r = read_call(query, lines);
	if (r < 0) {
		json_decref(lines);
		error_set(err, r, "read the kernel log: %s", strerrordesc_np(-r));
		return NULL;
	}
	keep_newest(lines, query->max_lines);
	return json_pack("{s:o, s:o}", "lines", lines, "lost", json_count(lost));
}
