#include "tools/service/trouble_log.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/permission.h"
#include "host/tail.h"
#include "logs/logs.h"

#define TAIL_BYTES (512 * KIB)
#define MAX_RECENT 20
#define MAX_DENIED 10
#define LINE_MAX_BYTES 1500

static int64_t zone_s(const struct host *host)
{
	time_t now = (time_t)(host_now_ns(host) / NS_PER_SEC);
	struct tm local = { 0 };

	/* A fixture's clock is UTC, wherever its test runs. */
	return host->is_fixture || !localtime_r(&now, &local) ? 0 : local.tm_gmtoff;
}

static const char *kind_of(const struct trouble_log *log, const char *line)
{
	for (const struct trouble_kind *kind = log->kinds; kind->kind; kind++)
		if (strstr(line, kind->words))
			return kind->kind;
	return NULL;
}

static void count(json_t *counts, const char *kind)
{
	json_put(counts, kind, json_integer(json_get_int(counts, kind, 0) + 1));
}

static bool has_path(const json_t *denied, const char *path)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(denied, i, entry) if (strcmp(json_get_text(entry, "path", ""), path) ==
						 0) return true;
	return false;
}

/* The path a denial is about, in the words of nginx and of Apache. */
static bool path_in(const char *line, char *path, size_t size)
{
	static const struct {
		const char *before, *after;
	} marks[] = { { "filesystem path '", "'" },
		      { "deny server access: ", ", \n" },
		      { "\"/", "\"" } };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *at = strstr(line, marks[i].before);
		size_t len;

		if (!at)
			continue;
		at += strlen(marks[i].before);
		at -= at[-1] == '/';
		len = strcspn(at, marks[i].after);
		if (*at != '/' || len >= size)
			continue;
		str_copy((struct str) { at, len }, path, size);
		return true;
	}
	return false;
}

static void explain_denial(struct task *task, const struct trouble_log *log, const char *line,
			   json_t *denied)
{
	char path[PERMISSION_PATH_BYTES], why[1024];
	struct permission permission;

	if (!log->worker || !strstr(line, "ermission denied") ||
	    !path_in(line, path, sizeof(path)) || has_path(denied, path) ||
	    json_array_size(denied) == MAX_DENIED)
		return;
	permission_check(task->host, log->worker, path, R_OK, &permission);
	if (permission.code == 0)
		return;
	permission_describe(task->host, &permission, why, sizeof(why));
	json_push(denied, json_pack("{s:o, s:s, s:o}", "path", json_text(path, strlen(path)),
				    "user", log->worker->name, "why", json_text(why, strlen(why))));
}

struct reading {
	json_t *counts, *recent, *denied;
};

static void read_line(struct task *task, const struct trouble_log *log, struct str line,
		      const struct log_clock *clock, struct reading *reading)
{
	char text[LINE_MAX_BYTES];
	uint64_t wall_ns, age_s = 0;
	const char *kind;
	json_t *entry;

	str_copy(line, text, sizeof(text));
	kind = kind_of(log, text);
	if (!kind)
		return;
	if (log_time_parse(clock, line, &wall_ns) && wall_ns < clock->now_ns)
		age_s = (clock->now_ns - wall_ns) / NS_PER_SEC;
	if (age_s > log->since_s)
		return;
	count(reading->counts, kind);
	explain_denial(task, log, text, reading->denied);
	entry = json_pack("{s:I, s:s, s:o}", "seconds_ago", (json_int_t)age_s, "kind", kind, "text",
			  json_text(text, strlen(text)));
	if (json_array_size(reading->recent) == MAX_RECENT)
		(void)json_array_remove(reading->recent, 0); /* it has that index */
	if (entry)
		json_push(reading->recent, entry);
}

json_t *trouble_log_read(struct task *task, const struct trouble_log *log, json_t *result)
{
	struct log_clock clock = { .now_ns = host_now_ns(task->host),
				   .zone_s = zone_s(task->host) };
	struct reading reading = { json_object(), json_array(), json_array() };
	CLEANUP(buf) struct buf text = { 0 };
	struct stat stat;
	struct str line;
	const char *at;
	json_t *read = json_pack("{s:o, s:o, s:o, s:o}", "path",
				 json_text(log->path, strlen(log->path)), "counts", reading.counts,
				 "recent", reading.recent, "denied", reading.denied);
	int r;

	buf_init(&text, TAIL_BYTES);
	r = host_tail(task->host, log->path, &text);
	if (r < 0)
		tool_unread(result, log->path, r);
	if (r == 0 && host_stat(task->host, log->path, &stat) == 0) {
		json_put(read, "bytes", json_integer(stat.st_size));
		json_put(read, "modified_s_ago",
			 json_integer((json_int_t)(clock.now_ns / NS_PER_SEC) - stat.st_mtime));
	}
	at = buf_text(&text);
	while (scan_line(&at, &line))
		read_line(task, log, line, &clock, &reading);
	return read;
}
