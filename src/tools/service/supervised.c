/* runit, s6 and supervisord: what their state files and logs tell. */
#include <errno.h>
#include <string.h>

#include "host/tail.h"
#include "tools/service/service.h"
#include "tools/service/unit_file.h"

#define LOG_MAX_BYTES (64 * KIB)

static json_t *unit_new(const char *name, const char *active, const char *sub)
{
	json_t *unit = json_pack("{s:o, s:s, s:s, s:s}", "name", json_text(name, strlen(name)),
				 "load", "loaded", "active", active, "sub", sub);

	if (!unit)
		abort();
	return unit;
}

/* runit writes "run", "down" or "finish" to supervise/stat, the pid beside it. */
static json_t *runit_unit(const struct host *host, const char *folder, const char *name,
			  json_t *result)
{
	char path[512], state[32];
	ssize_t len;
	json_t *unit;
	pid_t pid;

	text_format(path, sizeof(path), "%s/%s/supervise/stat", folder, name);
	len = host_read(host, path, state, sizeof(state));
	if (len == -EACCES)
		tool_unread(result, path, (int)len);
	if (len < 0)
		return unit_new(name, "unknown", "unknown");
	state[strcspn(state, "\n")] = '\0';
	text_format(path, sizeof(path), "%s/%s/supervise/pid", folder, name);
	pid = service_read_pid(host, path);
	unit = unit_new(name, strncmp(state, "run", 3) == 0 ? "active" : "inactive", state);
	if (pid > 0)
		json_put(unit, "main_pid", json_integer(pid));
	return unit;
}

static void add_runit(const struct host *host, json_t *units, json_t *result)
{
	static const char *const folders[] = { "etc/service", "var/service", "service" };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		CLEANUP(json) json_t *names = host_list(host, folders[i], SERVICE_MAX_UNITS);
		const json_t *name;
		size_t j;

		json_array_foreach(names, j, name) json_push(
			units, runit_unit(host, folders[i], json_string_value(name), result));
		if (names)
			return;
	}
}

/* The state of a program by the last line of supervisord's log that names it. */
static const char *logged_state(const char *log, const char *name)
{
	static const struct {
		const char *words, *state;
	} marks[] = {
		{ "success: ", "running" }, { "gave up: ", "fatal" },
		{ "exited: ", "exited" },   { "spawned: '", "starting" },
		{ "stopped: ", "stopped" }, { "spawnerr: ", "spawn-error" },
	};
	const char *state = NULL;
	struct str line;

	while (scan_line(&log, &line)) {
		char text[512];

		str_copy(line, text, sizeof(text));
		for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
			const char *at = strstr(text, marks[i].words);

			if (!at)
				continue;
			at += strlen(marks[i].words);
			if (strncmp(at, name, strlen(name)) == 0 &&
			    strchr(" ',:", at[strlen(name)]))
				state = marks[i].state;
		}
	}
	return state;
}

static json_t *supervisord_unit(const struct programs *programs, const struct unit_setting *setting,
				const char *log)
{
	const char *name = setting->section + strlen("program:"), *state = logged_state(log, name);
	const struct program *program = NULL;
	const char *slash;
	char path[512];
	json_t *unit;

	if (unit_file_program(setting->value, path, sizeof(path))) {
		slash = strrchr(path, '/');
		program = programs_next(programs, slash ? slash + 1 : path, NULL);
	}
	if (!state)
		state = program ? "running" : "unknown";
	unit = unit_new(name,
			strcmp(state, "running") == 0 && program ? "active"
			: strcmp(state, "fatal") == 0 || strcmp(state, "spawn-error") == 0 ||
					strcmp(state, "exited") == 0
				? "failed"
				: "inactive",
			state);
	if (program)
		json_put(unit, "main_pid", json_integer(program->pid));
	json_put(unit, "program", json_text(setting->value, strlen(setting->value)));
	return unit;
}

static void add_supervisord(const struct host *host, const struct programs *programs, json_t *units)
{
	static const char *const mains[] = { "etc/supervisor/supervisord.conf",
					     "etc/supervisord.conf" };
	CLEANUP(unit_file) struct unit_file file = { 0 };
	CLEANUP(json) json_t *names = host_list(host, "etc/supervisor/conf.d", 64);
	CLEANUP(buf) struct buf log = { 0 };
	const json_t *name;
	size_t i;

	buf_init(&log, LOG_MAX_BYTES);
	for (i = 0; i < ARRAY_LEN(mains); i++)
		(void)unit_file_read(&file, host, mains[i]); /* either may be missing */
	json_array_foreach(names, i, name)
	{
		char path[512];

		text_format(path, sizeof(path), "etc/supervisor/conf.d/%s",
			    json_string_value(name));
		(void)unit_file_read(&file, host, path);
	}
	if (host_tail(host, "var/log/supervisor/supervisord.log", &log) < 0)
		(void)host_tail(host, "var/log/supervisord.log", &log);
	for (i = 0; i < file.n && json_array_size(units) < SERVICE_MAX_UNITS; i++)
		if (strncmp(file.settings[i].section, "program:", 8) == 0 &&
		    strcmp(file.settings[i].key, "command") == 0)
			json_push(units,
				  supervisord_unit(programs, &file.settings[i], buf_text(&log)));
}

json_t *service_supervised_units(const struct host *host, const struct programs *programs,
				 json_t *result)
{
	json_t *units = json_array();

	if (programs_next(programs, "runsvdir", NULL) || programs_next(programs, "s6-svscan", NULL))
		add_runit(host, units, result);
	if (programs_next(programs, "supervisord", NULL))
		add_supervisord(host, programs, units);
	return units;
}
