/* read_journal: the systemd journal by unit, priority, window and pattern. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "base/fd.h"
#include "logs/pattern.h"
#include "tools/catalogue.h"
#include "tools/logs/log_host.h"
#include "tools/logs/log_span.h"

#define MAX_SCANNED 50000
#define MAX_LISTED 200
#define TEXT_BYTES 1000
#define FIELD_THRESHOLD_BYTES (16 * KIB)
#define N_PRIORITIES 8

struct journal {
	const struct task *task;
	sd_journal *handle;
	struct log_clock clock;
	struct log_pattern *pattern; /* or NULL */
	uint64_t since_us, until_us; /* UINT64_MAX: to the end */
	uint64_t deadline_ns;
	size_t max;
	uint64_t n_scanned, n_matching, by_priority[N_PRIORITIES];
	bool truncated;
	json_t *entries; /* newest first */
};

static void close_journal(sd_journal **handle)
{
	if (*handle)
		sd_journal_close(*handle);
}

static struct str field(sd_journal *handle, const char *name)
{
	const void *data;
	size_t len, name_len = strlen(name) + 1;

	if (sd_journal_get_data(handle, name, &data, &len) < 0 || len < name_len)
		return (struct str) { "", 0 };
	return (struct str) { (const char *)data + name_len, len - name_len };
}

static int64_t number_field(sd_journal *handle, const char *name, int64_t otherwise)
{
	char text[24];
	const char *at = text;
	int64_t value;

	str_copy(field(handle, name), text, sizeof(text));
	return scan_i64(&at, &value) ? value : otherwise;
}

static int match(sd_journal *handle, const char *name, const char *value)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s=%s", name, value);
	return sd_journal_add_match(handle, text, 0);
}

/* As journalctl -u does: what the unit wrote, what systemd and others say about it. */
static int match_unit(sd_journal *handle, const char *unit)
{
	char name[300];
	int r;

	(void)snprintf(name, sizeof(name), "%s%s", unit, strchr(unit, '.') ? "" : ".service");
	r = match(handle, "_SYSTEMD_UNIT", name);
	if (r >= 0)
		r = sd_journal_add_disjunction(handle);
	if (r >= 0)
		r = match(handle, "UNIT", name);
	if (r >= 0)
		r = match(handle, "_PID", "1");
	if (r >= 0)
		r = sd_journal_add_disjunction(handle);
	if (r >= 0)
		r = match(handle, "OBJECT_SYSTEMD_UNIT", name);
	return r < 0 ? r : sd_journal_add_conjunction(handle);
}

static int match_priority(sd_journal *handle, int64_t priority)
{
	int r = 0;

	for (int64_t i = 0; i <= priority && r >= 0; i++) {
		char text[4];

		(void)snprintf(text, sizeof(text), "%d", (int)i);
		r = match(handle, "PRIORITY", text);
	}
	return r;
}

static json_t *entry_json(const struct journal *journal, uint64_t time_us, struct str text)
{
	sd_journal *handle = journal->handle;
	char time[CLOCK_TEXT_BYTES];
	json_t *entry = json_pack("{s:o, s:s, s:I, s:o}", "seconds_ago",
				  json_figure(log_seconds_ago(&journal->clock, time_us * 1000)),
				  "time", clock_format(time_us * 1000, time), "priority",
				  (json_int_t)number_field(handle, "PRIORITY", 6), "text",
				  log_line_json(journal->task, text, TEXT_BYTES));
	struct str unit = field(handle, "_SYSTEMD_UNIT");
	int64_t pid = number_field(handle, "_PID", 0);

	/* What systemd itself says is about the unit it names. */
	if (str_is(unit, "init.scope") || !unit.len) {
		struct str named = field(handle, "UNIT");

		unit = named.len ? named : field(handle, "_SYSTEMD_UNIT");
	}
	json_put(entry, "unit", unit.len ? json_str(unit) : json_null());
	json_put(entry, "identifier", json_str(field(handle, "SYSLOG_IDENTIFIER")));
	json_put(entry, "pid", pid ? json_integer(pid) : json_null());
	return entry;
}

static void add_entry(struct journal *journal, uint64_t time_us)
{
	int64_t priority = number_field(journal->handle, "PRIORITY", 6);
	struct str text = field(journal->handle, "MESSAGE");

	if (journal->pattern && !log_pattern_matches(journal->pattern, text))
		return;
	journal->n_matching++;
	if (priority >= 0 && priority < N_PRIORITIES)
		journal->by_priority[priority]++;
	if (json_array_size(journal->entries) < journal->max)
		json_push(journal->entries, entry_json(journal, time_us, text));
	else
		journal->truncated = true;
}

static int scan(struct journal *journal)
{
	int r = journal->until_us == UINT64_MAX
			? sd_journal_seek_tail(journal->handle)
			: sd_journal_seek_realtime_usec(journal->handle, journal->until_us + 1);

	while (r >= 0) {
		uint64_t time_us;

		r = sd_journal_previous(journal->handle);
		if (r <= 0)
			break;
		r = sd_journal_get_realtime_usec(journal->handle, &time_us);
		/* A damaged entry is skipped, as journalctl does. */
		if (r == -EBADMSG)
			continue;
		if (r < 0 || time_us < journal->since_us)
			break;
		if (journal->n_scanned++ == MAX_SCANNED ||
		    clock_monotonic_ns() > journal->deadline_ns) {
			journal->truncated = true;
			break;
		}
		add_entry(journal, time_us);
	}
	return r < 0 ? r : 0;
}

static bool is_journal(const char *name)
{
	const char *end = strstr(name, ".journal");

	return end && (end[8] == '\0' || end[8] == '~');
}

/* A negative errno for a file that is cut, or no journal, or may not be read. */
static int try_file(const struct host *host, const char *path)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	__attribute__((cleanup(close_journal))) sd_journal *handle = NULL;

	return fd < 0 ? fd : sd_journal_open_files_fd(&handle, &fd, 1, 0);
}

/* sd_journal_open() passes over files that it cannot read: say which. Returns how many it can. */
static size_t check_files(const struct host *host, const char *directory, json_t *result)
{
	CLEANUP(json) json_t *machines = host_list(host, directory, MAX_LISTED);
	const json_t *machine, *name;
	size_t i, j, n = 0;

	if (!machines && errno != ENOENT)
		tool_unread(result, directory, -errno);
	json_array_foreach(machines, i, machine)
	{
		CLEANUP(json) json_t *names = NULL;
		char path[600];

		(void)snprintf(path, sizeof(path), "%s/%s", directory, json_string_value(machine));
		names = host_list(host, path, MAX_LISTED);
		if (!names && errno != ENOTDIR)
			tool_unread(result, path, -errno);
		json_array_foreach(names, j, name)
		{
			char file[900];
			int r;

			if (!is_journal(json_string_value(name)))
				continue;
			(void)snprintf(file, sizeof(file), "%s/%s", path, json_string_value(name));
			r = try_file(host, file);
			if (r < 0)
				tool_unread(result, file, r);
			n += r >= 0;
		}
	}
	return n;
}

static json_t *reversed(const json_t *array)
{
	json_t *other = json_array();

	for (size_t i = json_array_size(array); i > 0; i--)
		json_push(other, json_incref(json_array_get(array, i - 1)));
	return other;
}

static void report(const struct journal *journal, json_t *result)
{
	json_t *by_priority = json_array();

	for (size_t i = 0; i < N_PRIORITIES; i++)
		json_push(by_priority, json_integer((json_int_t)journal->by_priority[i]));
	json_put(result, "entries", reversed(journal->entries));
	json_put(result, "n_matching", json_integer((json_int_t)journal->n_matching));
	json_put(result, "by_priority", by_priority);
	json_put(result, "truncated", json_boolean(journal->truncated));
}

static int open_journal(struct journal *journal, struct task *task, const json_t *args,
			struct error *err)
{
	const char *unit = json_get_text(args, "unit", NULL);
	int64_t priority = json_get_int(args, "priority", 7);
	int r = sd_journal_open_directory_fd(&journal->handle, task->host->root_fd,
					     SD_JOURNAL_OS_ROOT);

	if (r >= 0)
		r = sd_journal_set_data_threshold(journal->handle, FIELD_THRESHOLD_BYTES);
	if (r >= 0 && unit)
		r = match_unit(journal->handle, unit);
	if (r >= 0 && priority < 7)
		r = match_priority(journal->handle, priority);
	return r < 0 ? error_set(err, r, "open the journal: %s", strerrordesc_np(-r)) : 0;
}

static int read_entries(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	__attribute__((cleanup(close_journal))) sd_journal *handle = NULL;
	CLEANUP(json) json_t *entries = json_array();
	CLEANUP(log_pattern) struct log_pattern *pattern = NULL;
	const char *grep = json_get_text(args, "grep", NULL);
	struct journal journal = {
		.task = task,
		.clock = host_log_clock(task->host),
		.deadline_ns = task->deadline_ns,
		.max = (size_t)json_get_int(args, "max", 100),
		.entries = entries,
	};
	struct log_span span;
	int r = log_span_read(args, journal.clock.now_ns, 0, &span, err);

	if (r < 0)
		return r;
	if (grep)
		journal.pattern = pattern = log_pattern_new(grep, LOG_PATTERN_ANY_CASE, err);
	if (grep && !pattern)
		return err->code;
	journal.since_us = span.since_ns / 1000;
	journal.until_us = span.until_ns == UINT64_MAX ? UINT64_MAX : span.until_ns / 1000;
	r = open_journal(&journal, task, args, err);
	handle = journal.handle;
	if (r < 0)
		return r;
	r = scan(&journal);
	if (r < 0)
		tool_unread(result, "part of the journal", r);
	report(&journal, result);
	return 0;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	size_t n = check_files(task->host, "var/log/journal", result) +
		   check_files(task->host, "run/log/journal", result);

	/* No journal is a fact about a host, not a failure. */
	json_put(result, "journal", json_boolean(n > 0));
	json_put(result, "n_files", json_integer((json_int_t)n));
	if (n)
		return read_entries(task, args, result, err);
	json_put(result, "entries", json_array());
	json_put(result, "n_matching", json_integer(0));
	json_put(result, "truncated", json_false());
	return 0;
}

const struct tool tool_read_journal = {
	.info = {
		.name = "read_journal",
		.summary = "The latest entries of the systemd journal, by unit, priority, window of time "
			   "and pattern; from the files, also where systemd does not run.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"unit\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256,"
			  "\"description\":\"what this unit wrote and what is said about it\"},"
			  "\"priority\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":7,"
			  "\"description\":\"this priority or worse (3 is err)\"},"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,"
			  "\"description\":\"only the last so many seconds\"}," LOG_SPAN_AROUND ","
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2000,\"default\":100},"
			  "\"grep\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000,"
			  "\"description\":\"a Perl regular expression for the message, any case\"}}}",
		.result = "journal: boolean, n_files: integer, n_matching: integer, "
			"by_priority?: [integer], entries: [{seconds_ago: number, time: string, "
			"priority: integer, text: string, unit: string|null, identifier: string, "
			"pid: integer|null}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES | TOOL_NEEDS_LOGS,
	},
	.run = run,
};
