/* list_scheduled_jobs: cron, anacron, at and systemd timers, and which of them cannot work. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "host/executable.h"
#include "host/pattern.h"
#include "host/program.h"
#include "tools/catalogue.h"
#include "tools/schedule/cron.h"
#include "tools/service/systemd.h"
#include "tools/service/unit_file.h"

#define TABLE_MAX_BYTES (1 * MIB)
#define MAX_JOBS 500
#define MAX_TIMERS 200

/* The program a shell line begins with, if it is a plain path. */
static void check_command(const struct host *host, json_t *job)
{
	const char *at = json_get_text(job, "command", "");
	struct executable executable;
	struct str word;
	char path[512];

	if (!scan_word(&at, &word) || word.data[0] != '/')
		return;
	str_copy(word, path, sizeof(path));
	if (strpbrk(path, "$`;&|<>(){}*?"))
		return;
	executable_check(host, NULL, path, &executable);
	if (executable.code < 0)
		json_put(job, "problem", json_text(executable.problem, strlen(executable.problem)));
}

static void check_user(const struct host *host, json_t *job)
{
	const char *user = json_get_text(job, "user", "");
	struct account account;

	if (*user && !json_object_get(job, "problem") && !account_find_name(host, user, &account))
		json_put(job, "problem", json_string("there is no such user"));
}

static void read_table(const struct host *host, const char *path, enum cron_kind kind,
		       const char *owner, json_t *result)
{
	CLEANUP(fd) int fd = host_open(host, path + 1, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	json_t *jobs = json_object_get(result, "cron");
	struct str line;

	if (fd < 0) {
		if (fd != -ENOENT)
			tool_unread(result, path, fd);
		return;
	}
	lines_init(&lines, fd, TABLE_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		json_t *job = cron_parse_line(line.data, kind, lines.n_lines);

		if (!job)
			continue;
		json_put(job, "file", json_text(path, strlen(path)));
		if (owner)
			json_put(job, "user", json_text(owner, strlen(owner)));
		check_command(host, job);
		check_user(host, job);
		if (json_array_size(jobs) < MAX_JOBS)
			json_push(jobs, job);
		else
			json_decref(job);
	}
}

/* Cron passes over files of cron.d whose names hold anything but letters, digits, '-' and '_'. */
static bool is_ignored(const char *name)
{
	return name[strspn(name,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] !=
	       '\0';
}

static void read_folder(const struct host *host, const char *folder, json_t *result)
{
	CLEANUP(json) json_t *names = host_list(host, folder + 1, MAX_JOBS);
	json_t *ignored = json_object_get(result, "ignored_files");
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		char path[512];

		text_format(path, sizeof(path), "%s/%s", folder, text);
		if (is_ignored(text) && text[0] != '.')
			json_push(ignored, json_text(path, strlen(path)));
		else if (text[0] != '.')
			read_table(host, path, CRON_SYSTEM, NULL, result);
	}
}

static void read_spools(const struct host *host, json_t *result)
{
	static const char *const spools[] = { "/var/spool/cron/crontabs", "/var/spool/cron" };

	for (size_t i = 0; i < ARRAY_LEN(spools); i++) {
		CLEANUP(json) json_t *names = host_list(host, spools[i] + 1, MAX_JOBS);
		const json_t *name;
		size_t j;

		if (!names && errno == EACCES)
			tool_unread(result, spools[i], -EACCES);
		json_array_foreach(names, j, name)
		{
			char path[512];
			struct stat stat;

			text_format(path, sizeof(path), "%s/%s", spools[i],
				    json_string_value(name));
			if (host_stat(host, path, &stat) == 0 && S_ISREG(stat.st_mode))
				read_table(host, path, CRON_USER, json_string_value(name), result);
		}
	}
}

/* Scripts that run-parts starts: a name with a dot or no execute bit is passed over. */
static void read_periodic(const struct host *host, json_t *result)
{
	static const char *const periods[] = { "hourly", "daily", "weekly", "monthly" };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		CLEANUP(json) json_t *names = NULL;
		char path[512];
		const json_t *name;
		size_t j;

		text_format(path, sizeof(path), "etc/cron.%s", periods[i]);
		names = host_list(host, path, MAX_JOBS);
		json_array_foreach(names, j, name)
		{
			const char *text = json_string_value(name);
			struct stat stat;

			text_format(path, sizeof(path), "/etc/cron.%s/%s", periods[i], text);
			if (text[0] == '.' || host_stat(host, path, &stat) < 0)
				continue;
			json_push(list,
				  json_pack("{s:s, s:s, s:b}", "path", path, "period", periods[i],
					    "runs", !is_ignored(text) && (stat.st_mode & 0111)));
		}
	}
	json_put(result, "periodic", list);
}

static void read_at(const struct host *host, json_t *result)
{
	static const char *const spools[] = { "var/spool/cron/atjobs", "var/spool/at" };
	json_int_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(spools); i++) {
		CLEANUP(json) json_t *names = host_list(host, spools[i], MAX_JOBS);
		const json_t *name;
		size_t j;

		if (!names && errno == EACCES)
			tool_unread(result, spools[i], -EACCES);
		json_array_foreach(names, j, name) n += json_string_value(name)[0] == 'a';
	}
	json_put(result, "n_at_jobs", json_integer(n));
}

static void add_timer(struct systemd *systemd, const char *name, uint64_t now_ns, json_t *timers)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *timer = systemd_properties(systemd, name, &err);
	const char *unit = json_get_text(timer, "Unit", "");
	CLEANUP(json) json_t *service = *unit ? systemd_properties(systemd, unit, &err) : NULL;
	int64_t now_s = (int64_t)(now_ns / NS_PER_SEC);
	int64_t last = json_get_int(timer, "LastTriggerUSec", 0) / 1000000;
	int64_t next = json_get_int(timer, "NextElapseUSecRealtime", 0) / 1000000;
	const char *service_result = json_get_text(service, "Result", "unknown");
	json_t *entry = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "unit", unit, "active",
				  json_get_text(timer, "ActiveState", "unknown"), "last_result",
				  service_result);

	if (!entry)
		return;
	json_put(entry, "last_s_ago", last > 0 ? json_integer(now_s - last) : json_null());
	json_put(entry, "next_in_s", next > 0 ? json_integer(next - now_s) : json_null());
	json_put(entry, "failed", json_boolean(service && strcmp(service_result, "success") != 0));
	json_push(timers, entry);
}

static int ask_timers(struct task *task, json_t *timers, struct error *err)
{
	CLEANUP(systemd) struct systemd *systemd = systemd_open(task, err);
	CLEANUP(json) json_t *units = systemd ? systemd_units(systemd, err) : NULL;
	const json_t *unit;
	size_t i;

	if (!units)
		return err->code;
	json_array_foreach(units, i, unit)
	{
		const char *name = json_get_text(unit, "name", ""), *dot = strrchr(name, '.');

		if (dot && strcmp(dot, ".timer") == 0 && json_array_size(timers) < MAX_TIMERS)
			add_timer(systemd, name, host_now_ns(task->host), timers);
	}
	return 0;
}

/* Where systemd does not run: what would be started if it did. */
static void list_timer_files(const struct host *host, json_t *timers)
{
	CLEANUP(json)
	json_t *paths =
		host_match(host, "/etc/systemd/system/timers.target.wants/*.timer", MAX_TIMERS);
	const json_t *path;
	size_t i;

	json_array_foreach(paths, i, path)
	{
		CLEANUP(unit_file) struct unit_file file = { 0 };
		const char *name = strrchr(json_string_value(path), '/') + 1, *when;
		char found[512];

		if (unit_file_load(&file, host, name, found, sizeof(found)) < 0)
			continue;
		when = unit_file_get(&file, "Timer", "OnCalendar");
		json_push(timers,
			  json_pack("{s:o, s:s, s:o}", "name", json_text(name, strlen(name)),
				    "active", "unknown", "schedule",
				    when ? json_text(when, strlen(when)) : json_null()));
	}
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	json_t *timers = json_array();
	struct error bus = { 0 };
	int r = programs_load(task->host, &programs);

	json_put(result, "timers", timers);
	json_put(result, "cron", json_array());
	json_put(result, "ignored_files", json_array());
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	json_put(result, "cron_running",
		 json_boolean(programs_next(&programs, "cron", NULL) ||
			      programs_next(&programs, "crond", NULL)));
	read_table(task->host, "/etc/crontab", CRON_SYSTEM, NULL, result);
	read_table(task->host, "/etc/anacrontab", CRON_ANACRON, "root", result);
	read_folder(task->host, "/etc/cron.d", result);
	read_spools(task->host, result);
	read_periodic(task->host, result);
	read_at(task->host, result);
	if (!systemd_is_running(task->host)) {
		list_timer_files(task->host, timers);
	} else if (ask_timers(task, timers, &bus) < 0) {
		tool_unread(result, bus.text, bus.code);
		list_timer_files(task->host, timers);
	}
	return 0;
}

const struct tool tool_list_scheduled_jobs = {
	.info = {
		.name = "list_scheduled_jobs",
		.summary = "Jobs of cron, anacron, at and systemd timers: when they run, whether the last "
			   "run failed, and which cannot run at all.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "timers: [{name: string, unit?: string, active: string, "
			"last_result?: string, last_s_ago?: integer|null, "
			"next_in_s?: integer|null, failed?: boolean, schedule?: string|null}], "
			"cron: [{file: string, line: integer, schedule?: string, user?: string, "
			"command?: string, problem?: string, text?: string}], "
			"cron_running: boolean, ignored_files: [string], periodic: [{path: string, "
			"period: string, runs: boolean}], n_at_jobs: integer",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_SYSTEMD | TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
