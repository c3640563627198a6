/* analyze_log_file: what a log file is about: its patterns, errors and bursts. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "tools/catalogue.h"
#include "tools/logs/log_archive.h"
#include "tools/logs/log_bursts.h"
#include "tools/logs/log_groups.h"

#define MAX_BYTES (16 * MIB)
#define MAX_RECENT 5
#define MAX_BURSTS 5
#define TEXT_BYTES 400

struct analysis {
	uint64_t n_lines, by_severity[LOG_SEVERITY_INFO + 1];
	uint64_t first_ns, last_ns;
	struct log_groups patterns, errors, warnings;
	struct log_bursts bursts;
	json_t *recent;
};

static void add(struct analysis *analysis, const struct log_file *file,
		const struct log_entry *entry)
{
	enum log_severity severity = log_severity(entry->text);

	analysis->n_lines++;
	analysis->by_severity[severity]++;
	log_groups_add(&analysis->patterns, &file->clock, entry);
	if (severity <= LOG_SEVERITY_ERROR)
		log_groups_add(&analysis->errors, &file->clock, entry);
	else if (severity == LOG_SEVERITY_WARNING)
		log_groups_add(&analysis->warnings, &file->clock, entry);
	if (entry->time_ns) {
		if (!analysis->first_ns)
			analysis->first_ns = entry->time_ns;
		analysis->last_ns = entry->time_ns;
		log_bursts_add(&analysis->bursts, entry->time_ns);
	}
	if (json_array_size(analysis->recent) == MAX_RECENT)
		(void)json_array_remove(analysis->recent, 0);
	json_push(analysis->recent, log_line_json(analysis->errors.task, entry->text, TEXT_BYTES));
}

static void put_time(json_t *result, const char *name, uint64_t ns)
{
	char text[CLOCK_TEXT_BYTES];

	json_put(result, name, ns ? json_string(clock_format(ns, text)) : json_null());
}

static json_t *summary_json(const struct analysis *analysis)
{
	const uint64_t *n = analysis->by_severity;

	return json_pack("{s:I, s:I, s:I, s:I}", "fatal_count", (json_int_t)n[LOG_SEVERITY_FATAL],
			 "error_count", (json_int_t)(n[LOG_SEVERITY_FATAL] + n[LOG_SEVERITY_ERROR]),
			 "warning_count", (json_int_t)n[LOG_SEVERITY_WARNING], "info_count",
			 (json_int_t)n[LOG_SEVERITY_INFO]);
}

static void report(const struct analysis *analysis, const struct log_file *file, size_t max,
		   json_t *result)
{
	json_put(result, "bytes", json_integer((json_int_t)file->size));
	json_put(result, "modified_s_ago", json_figure(file->modified_s_ago));
	json_put(result, "first_line_number",
		 file->first_line ? json_integer((json_int_t)file->first_line) : json_null());
	json_put(result, "n_lines", json_integer((json_int_t)analysis->n_lines));
	put_time(result, "first_time", analysis->first_ns);
	put_time(result, "last_time", analysis->last_ns);
	json_put(result, "summary", summary_json(analysis));
	json_put(result, "errors", log_groups_top(&analysis->errors, LOG_GROUPS_MOST, max));
	json_put(result, "warnings", log_groups_top(&analysis->warnings, LOG_GROUPS_MOST, max));
	json_put(result, "patterns", log_groups_top(&analysis->patterns, LOG_GROUPS_MOST, max));
	json_put(result, "bursts", log_bursts_json(&analysis->bursts, &file->clock, MAX_BURSTS));
	json_put(result, "recent", json_incref(analysis->recent));
	json_put(result, "truncated", json_boolean(file->truncated));
}

static void analyze(const struct task *task, struct log_file *file, size_t max, json_t *result)
{
	CLEANUP(json) json_t *recent = json_array();
	struct analysis analysis = { .recent = recent };
	struct log_entry entry;

	log_groups_init(&analysis.patterns, task);
	log_groups_init(&analysis.errors, task);
	log_groups_init(&analysis.warnings, task);
	log_bursts_init(&analysis.bursts);
	while (log_file_next(file, &entry))
		add(&analysis, file, &entry);
	report(&analysis, file, max, result);
	log_groups_finish(&analysis.patterns);
	log_groups_finish(&analysis.errors);
	log_groups_finish(&analysis.warnings);
	log_bursts_finish(&analysis.bursts);
}

static int explain(const char *path, int code, struct error *err)
{
	if (code == -EINVAL)
		return error_set(err, code, "'%s' is not a regular file", path);
	if (code == -EILSEQ)
		return error_set(err, code, "'%s' is binary, not a text log", path);
	return error_set(err, code, "read '%s': %s", path, strerrordesc_np(-code));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *path = json_get_text(args, "path", json_get_text(args, "log_path", NULL));
	int64_t since_s = json_get_int(args, "since_s", 0);
	uint64_t now_ns = host_now_ns(task->host), window_ns = (uint64_t)since_s * NS_PER_SEC;
	struct log_file_options options = {
		.since_ns = since_s && now_ns > window_ns ? now_ns - window_ns : 0,
		.n_lines = (uint64_t)json_get_int(args, "lines", since_s ? 0 : 100),
		.max_bytes = MAX_BYTES,
	};
	CLEANUP(log_file) struct log_file file = { .fd = -1 };
	int r;

	if (!path)
		return error_set(err, -EINVAL, "'path' is required");
	r = log_archive_open(&file, task, path, &options);
	if (r < 0)
		return explain(path, r, err);
	json_put(result, "path", json_text(path, strlen(path)));
	analyze(task, &file, (size_t)json_get_int(args, "max", 10), result);
	if (file.lines.error < 0)
		tool_unread(result, path, file.lines.error);
	return 0;
}

const struct tool tool_analyze_log_file = {
	.info = {
		.name = "analyze_log_file",
		.summary = "The errors, warnings, recurring patterns and bursts of a log file, also a "
			   "compressed one.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"path\":{\"type\":\"string\",\"format\":\"path\"},"
			  "\"log_path\":{\"type\":\"string\",\"format\":\"path\","
			  "\"description\":\"the same as path\"},"
			  "\"lines\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000,"
			  "\"description\":\"the last so many lines; 100 unless since_s is given\"},"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,"
			  "\"description\":\"the lines of the last so many seconds instead\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200,\"default\":10,"
			  "\"description\":\"entries in each list\"}}}",
		.result = "path: string, bytes: integer, modified_s_ago: number, "
			"first_line_number: integer|null, n_lines: integer, "
			"first_time: string|null, last_time: string|null, "
			"summary: {fatal_count: integer, error_count: integer, "
			"warning_count: integer, info_count: integer}, errors: " LOG_GROUPS_RESULT
			", warnings: " LOG_GROUPS_RESULT ", patterns: " LOG_GROUPS_RESULT
			", bursts: [{seconds_ago: number, minutes: integer, n: integer, "
			"usual_per_minute: integer}], recent: [string]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES | TOOL_NEEDS_LOGS,
	},
	.run = run,
};
