/* find_log_errors: which logs of this host complain, and about what. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "host/permission.h"
#include "tools/catalogue.h"
#include "tools/logs/log_file.h"
#include "tools/logs/log_groups.h"
#include "tools/logs/log_paths.h"
#include "tools/logs/log_span.h"
#include "tools/sample.h"

#define MAX_FILES 60
#define MAX_FILE_BYTES (4 * MIB)
#define GROWTH_MIN_BYTES ((int64_t)MIB) /* of a log that is watched for it */
#define GROWTH_WATCH_NS (250 * NS_PER_MS)

struct count {
	uint64_t n_lines, n_errors, n_warnings;
};

static void count_line(struct log_groups *groups, const struct log_file *file,
		       const struct log_entry *entry, struct count *count)
{
	enum log_severity severity = log_severity(entry->text);

	count->n_lines++;
	if (severity <= LOG_SEVERITY_ERROR) {
		count->n_errors++;
		log_groups_add(groups, &file->clock, entry);
	} else if (severity == LOG_SEVERITY_WARNING) {
		count->n_warnings++;
	}
}

static int read_file(struct task *task, const char *path, const struct log_span *span, size_t max,
		     json_t *files)
{
	struct log_file_options options = { .since_ns = span->since_ns,
					    .until_ns = span->until_ns,
					    .max_bytes = MAX_FILE_BYTES };
	CLEANUP(log_file) struct log_file file = { .fd = -1 };
	struct log_groups groups;
	struct log_entry entry;
	struct count count = { 0 };
	json_t *one;
	int r = log_file_open(&file, task, path, &options);

	if (r < 0)
		return r == -EILSEQ ? 0 : r;
	log_groups_init(&groups, task);
	while (log_file_next(&file, &entry))
		count_line(&groups, &file, &entry, &count);
	one = json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:o}", "path", path, "bytes",
			(json_int_t)file.size, "modified_s_ago", json_figure(file.modified_s_ago),
			"n_lines", (json_int_t)count.n_lines, "n_errors",
			(json_int_t)count.n_errors, "n_warnings", (json_int_t)count.n_warnings,
			"errors", log_groups_top(&groups, LOG_GROUPS_LATEST, max));
	json_put(one, "has_times", json_boolean(file.last_ns != 0));
	if (file.truncated)
		json_put(one, "truncated", json_true());
	json_push(files, one);
	log_groups_finish(&groups);
	return 0;
}

/* A program that goes on writing did not crash; "writer" says since when it runs. */
static void put_writers(const json_t *writers, json_t *files)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		json_t *writer = json_object_get(writers, json_get_text(file, "path", ""));

		if (writer)
			json_put(file, "writer", json_incref(writer));
	}
}

static void put_growth(const struct task *task, uint64_t started_ns, json_t *files)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		int64_t grown = -json_get_int(file, "bytes", 0);
		struct stat stat;

		if (host_lstat(task->host, json_get_text(file, "path", ""), &stat) < 0)
			continue;
		grown += stat.st_size;
		if (grown > 0)
			json_put(file, "grown_bytes_per_s",
				 sample_rate_json(0, (uint64_t)grown,
						  clock_monotonic_ns() - started_ns));
	}
}

static bool may_grow_fast(const json_t *files)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i,
			   file) if (json_get_int(file, "bytes", 0) >= GROWTH_MIN_BYTES &&
				     json_get_number(file, "modified_s_ago", 1) < 1) return true;
	return false;
}

/* A moment is too short to tell a log that grows from one that was just written to. */
static void watch_growth(struct task *task, uint64_t started_ns, json_t *files)
{
	uint64_t elapsed_ns = clock_monotonic_ns() - started_ns;

	if (!may_grow_fast(files))
		return;
	if (elapsed_ns < GROWTH_WATCH_NS)
		(void)host_wait(task->host, GROWTH_WATCH_NS - elapsed_ns);
	put_growth(task, started_ns, files);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	uint64_t started_ns = clock_monotonic_ns();
	size_t max = (size_t)json_get_int(args, "max", 10);
	uint64_t now_ns = host_now_ns(task->host);
	struct log_paths_query query = { .max = MAX_FILES };
	struct log_span span;
	CLEANUP(json) json_t *found = NULL;
	const json_t *paths = json_object_get(args, "paths"), *path;
	CLEANUP(json) json_t *writers = json_object();
	json_t *files = json_array();
	size_t i;
	int r = log_span_read(args, now_ns, 3600, &span, err);

	json_put(result, "files", files);
	if (r < 0)
		return r;
	query.since_s = (double)(now_ns - span.since_ns) / (double)NS_PER_SEC;
	query.namespaces = json_object_get(args, "namespaces");
	query.writers = writers;
	if (!paths)
		paths = found = log_paths_recent(task, &query, result);
	json_array_foreach(paths, i, path)
	{
		if (clock_monotonic_ns() > task->deadline_ns) {
			json_put(result, "truncated", json_true());
			break;
		}
		r = read_file(task, json_string_value(path), &span, max, files);
		if (r < 0)
			tool_unread(result, json_string_value(path), r);
	}
	put_writers(writers, files);
	watch_growth(task, started_ns, files);
	return 0;
}

const struct tool tool_find_log_errors = {
	.info = {
		.name = "find_log_errors",
		.summary = "Errors of the last while in the logs that are being written: files below "
			   "/var/log and those that processes hold open, grouped by message.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"default\":3600,"
			  "\"description\":\"how far to look back\"}," LOG_SPAN_AROUND ","
			  "\"namespaces\":" LOG_PATHS_NAMESPACES ","
			  "\"paths\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":60,\"items\":"
			  "{\"type\":\"string\",\"format\":\"path\"},"
			  "\"description\":\"these files instead\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200,\"default\":10,"
			  "\"description\":\"messages per file\"}}}",
		.result = "files: [{path: string, bytes: integer, modified_s_ago: number, "
			"n_lines: integer, n_errors: integer, n_warnings: integer, errors: "
			LOG_GROUPS_RESULT ", has_times: boolean, writer?: {pid: integer, comm: string, started_s_ago: number}, grown_bytes_per_s?: number, "
			"truncated?: boolean}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
