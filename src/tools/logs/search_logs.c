/* search_logs: lines that match a pattern, through rotations and compression. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "logs/pattern.h"
#include "tools/catalogue.h"
#include "tools/logs/log_archive.h"
#include "tools/logs/log_paths.h"

#define MAX_PATHS 60
#define MAX_ROTATIONS 30
#define MAX_FILE_BYTES (32 * MIB)
#define MAX_ALL_BYTES (256 * MIB)
#define TEXT_BYTES 500

struct search {
	struct task *task;
	struct log_pattern *pattern;
	uint64_t since_ns;
	size_t max;
	uint64_t n_bytes, n_matches;
	bool truncated;
	json_t *matches, *files, *result;
};

static json_t *match_json(const struct task *task, const char *path, const struct log_file *file,
			  const struct log_entry *entry)
{
	json_t *match = json_pack("{s:s, s:o}", "path", path, "text",
				  log_line_json(task, entry->text, TEXT_BYTES));

	if (entry->number)
		json_put(match, "line_number", json_integer((json_int_t)entry->number));
	if (entry->time_ns)
		json_put(match, "seconds_ago",
			 json_figure(log_seconds_ago(&file->clock, entry->time_ns)));
	return match;
}

/* The latest matches count, so a file keeps as many as are still wanted, the last ones. */
static uint64_t search_lines(struct search *search, const char *path, struct log_file *file)
{
	CLEANUP(json) json_t *latest = json_array();
	size_t wanted = search->max - json_array_size(search->matches);
	struct log_entry entry;
	uint64_t n = 0;

	while (log_file_next(file, &entry)) {
		if (!log_pattern_matches(search->pattern, entry.text))
			continue;
		n++;
		if (json_array_size(latest) >= wanted) {
			search->truncated = true;
			(void)json_array_remove(latest, 0);
		}
		if (wanted)
			json_push(latest, match_json(search->task, path, file, &entry));
	}
	(void)json_array_extend(search->matches, latest);
	return n;
}

/* Whether an older rotation can still hold lines of the window. */
static bool search_file(struct search *search, const char *path)
{
	struct log_file_options options = { .since_ns = search->since_ns,
					    .max_bytes = MAX_FILE_BYTES };
	CLEANUP(log_file) struct log_file file = { .fd = -1 };
	uint64_t n;
	int r;

	if (search->n_bytes > MAX_ALL_BYTES || clock_monotonic_ns() > search->task->deadline_ns) {
		search->truncated = true;
		return false;
	}
	r = log_archive_open(&file, search->task, path, &options);
	if (r < 0) {
		if (r != -ENOENT && r != -ENODATA)
			tool_unread(search->result, path, r);
		return r != -ENOENT;
	}
	if (search->since_ns && file.modified_s_ago * (double)NS_PER_SEC >
					(double)file.clock.now_ns - (double)search->since_ns)
		return false;
	n = search_lines(search, path, &file);
	if (file.lines.error < 0)
		tool_unread(search->result, path, file.lines.error);
	search->n_bytes += file.lines.n_bytes;
	search->n_matches += n;
	search->truncated |= file.truncated;
	json_push(search->files, json_pack("{s:s, s:I, s:I, s:b}", "path", path, "n_lines",
					   (json_int_t)file.lines.n_lines, "n_matches",
					   (json_int_t)n, "truncated", file.truncated));
	return true;
}

static void search_rotations(struct search *search, const char *path)
{
	CLEANUP(json)
	json_t *files = log_archive_rotations(search->task->host, path, MAX_ROTATIONS);
	const json_t *file;
	size_t i;

	if (!host_exists(search->task->host, path + 1))
		tool_unread(search->result, path, -ENOENT);
	json_array_foreach(files, i, file)
	{
		bool goes_on = search_file(search, json_string_value(file));

		if (!goes_on && i > 0)
			break;
	}
}

static unsigned pattern_flags(const json_t *args)
{
	unsigned flags = 0;

	if (json_get_bool(args, "literal", false))
		flags |= LOG_PATTERN_LITERAL;
	if (json_get_bool(args, "ignore_case", false))
		flags |= LOG_PATTERN_ANY_CASE;
	return flags;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(log_pattern)
	struct log_pattern *pattern =
		log_pattern_new(json_get_text(args, "pattern", ""), pattern_flags(args), err);
	uint64_t window_ns = (uint64_t)json_get_int(args, "since_s", 86400) * NS_PER_SEC;
	uint64_t now_ns = host_now_ns(task->host);
	struct search search = {
		.task = task,
		.pattern = pattern,
		.since_ns = now_ns > window_ns ? now_ns - window_ns : 0,
		.max = (size_t)json_get_int(args, "max", 100),
		.result = result,
	};
	const json_t *paths = json_object_get(args, "paths"), *path;
	CLEANUP(json) json_t *found = NULL;
	const struct log_paths_query query = {
		.since_s = (double)(window_ns / NS_PER_SEC),
		.max = MAX_PATHS,
	};
	size_t i;

	if (!pattern)
		return err->code;
	json_put(result, "matches", search.matches = json_array());
	json_put(result, "files", search.files = json_array());
	if (!paths)
		paths = found = log_paths_recent(task, &query, result);
	json_array_foreach(paths, i, path) search_rotations(&search, json_string_value(path));
	json_put(result, "n_matches", json_integer((json_int_t)search.n_matches));
	json_put(result, "n_given_up", json_integer((json_int_t)log_pattern_n_given_up(pattern)));
	if (search.truncated || !json_object_get(result, "truncated"))
		json_put(result, "truncated", json_boolean(search.truncated));
	return 0;
}

const struct tool tool_search_logs = {
	.info = {
		.name = "search_logs",
		.summary = "The latest lines that match a pattern in log files, their rotations and "
			   "compressed rotations.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"pattern\"],\"properties\":{"
			  "\"pattern\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000,"
			  "\"description\":\"a Perl regular expression\"},"
			  "\"literal\":{\"type\":\"boolean\",\"default\":false,"
			  "\"description\":\"take the pattern as plain text\"},"
			  "\"ignore_case\":{\"type\":\"boolean\",\"default\":false},"
			  "\"paths\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":60,\"items\":"
			  "{\"type\":\"string\",\"format\":\"path\"},\"description\":"
			  "\"these logs; without, those that are being written\"},"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"default\":86400,"
			  "\"description\":\"how far to look back\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
			  "\"default\":100}}}",
		.result = "matches: [{path: string, text: string, line_number?: integer, "
			"seconds_ago?: number}], files: [{path: string, n_lines: integer, "
			"n_matches: integer, truncated: boolean}], n_matches: integer, "
			"n_given_up: integer",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_ROOT_FILES | TOOL_NEEDS_LOGS,
	},
	.run = run,
};
