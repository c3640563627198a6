/* A service by its traces: processes, ports, pid files, configuration, logs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "call/broker.h"
#include "host/listener.h"
#include "tools/service/service.h"
#include "tools/service/service_detail.h"
#include "tools/service/service_logs.h"
#include "tools/service/unit_file.h"

#define MAX_PROCESSES 64

/* "nginx.service" and "getty@tty1" are of the programs "nginx" and "getty". */
static void base_name(const char *name, char *text, size_t size)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot && dot != name ? (size_t)(dot - name) : strlen(name);

	len = strcspn(name, "@") < len ? strcspn(name, "@") : len;
	str_copy((struct str) { name, len }, text, size);
}

static bool is_about(const struct program *program, const char *name)
{
	return strstr(program->comm, name) || strstr(program->cmdline, name);
}

/* Programs of that name; where there is none, those whose command line has it. */
static json_t *find_processes(const struct programs *programs, const char *name)
{
	const struct program *program = NULL;
	json_t *list = json_array();

	while ((program = programs_next(programs, name, program)) != NULL &&
	       json_array_size(list) < MAX_PROCESSES)
		json_push(list, program_json(program));
	if (json_array_size(list))
		return list;
	for (size_t i = 0; i < programs->n && json_array_size(list) < MAX_PROCESSES; i++)
		if (is_about(&programs->list[i], name) &&
		    !strstr(programs->list[i].cmdline, "constable"))
			json_push(list, program_json(&programs->list[i]));
	return list;
}

/* An interpreter runs many things: what it was given as a path must be the same. */
static bool was_started_by(const struct program *program, const char *command)
{
	struct str word;
	char text[600];

	if (!scan_word(&command, &word))
		return false;
	while (scan_word(&command, &word)) {
		str_copy(word, text, sizeof(text));
		if (strcmp(text, "-c") == 0 || (text[0] == '/' && !strstr(program->cmdline, text)))
			return false;
	}
	return true;
}

/* What the unit file starts may bear another name: postgresql.service runs postmaster. */
static void add_started(const struct host *host, const struct programs *programs, const char *name,
			json_t *processes)
{
	CLEANUP(unit_file) struct unit_file file = { 0 };
	const struct program *program = NULL;
	char unit[300], path[600];
	const char *command, *slash;

	text_format(unit, sizeof(unit), "%s.service", name);
	if (unit_file_load(&file, host, unit, path, sizeof(path)) < 0)
		return;
	command = unit_file_get(&file, "Service", "ExecStart");
	if (!command || !unit_file_program(command, path, sizeof(path)))
		return;
	slash = strrchr(path, '/');
	while ((program = programs_next(programs, slash ? slash + 1 : path, program)) != NULL &&
	       json_array_size(processes) < MAX_PROCESSES)
		if (was_started_by(program, command))
			json_push(processes, program_json(program));
}

static bool has_pid(const json_t *processes, int64_t pid)
{
	const json_t *process;
	size_t i;

	json_array_foreach(processes, i,
			   process) if (json_get_int(process, "pid", 0) == pid) return true;
	return false;
}

static void add_listening(struct task *task, const json_t *processes, json_t *result)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	struct error err = { 0 };
	CLEANUP(json) json_t *owners = broker_ask(task, BROKER_SOCKET_OWNERS, NULL, &err);
	json_t *list = json_array();
	const json_t *owner;
	size_t i;
	int r;

	if (!listeners)
		abort();
	r = listeners_read(task->host, listeners);
	if (r < 0)
		tool_unread(result, "/proc/net/tcp", r);
	if (!owners)
		tool_unread(result, "which process owns which socket", err.code);
	json_array_foreach(json_object_get(owners, "sockets"), i, owner)
	{
		uint64_t inode = (uint64_t)json_get_int(owner, "inode", 0);

		if (!has_pid(processes, json_get_int(owner, "pid", 0)))
			continue;
		for (size_t j = 0; j < listeners->n; j++)
			if (listeners->list[j].inode == inode)
				json_push(list, json_pack("{s:s, s:i, s:I}", "address",
							  listeners->list[j].address, "port",
							  (int)listeners->list[j].port, "pid",
							  json_get_int(owner, "pid", 0)));
	}
	free(listeners);
	json_put(result, "listening", list);
}

static void add_pid_files(const struct host *host, const struct programs *programs,
			  const char *name, json_t *result)
{
	json_t *list = json_array();

	char paths[3][600];

	text_format(paths[0], sizeof(paths[0]), "/run/%s.pid", name);
	text_format(paths[1], sizeof(paths[1]), "/run/%s/%s.pid", name, name);
	text_format(paths[2], sizeof(paths[2]), "/run/%sd.pid", name);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		pid_t pid = service_read_pid(host, paths[i]);

		if (pid < 0)
			continue;
		json_push(list, json_pack("{s:s, s:i, s:b}", "path", paths[i], "pid", (int)pid,
					  "stale", !pid || !programs_find_pid(programs, pid)));
	}
	json_put(result, "pid_files", list);
}

static void add_configuration(const struct host *host, const char *name, json_t *result)
{
	static const char *const suffixes[] = { "", ".conf", ".cfg", ".d", ".yaml", ".yml" };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char path[600];

		text_format(path, sizeof(path), "/etc/%s%s", name, suffixes[i]);
		if (host_exists(host, path + 1))
			json_push(list, json_string(path));
	}
	json_put(result, "configuration", list);
}

/* The unit file and init script on disk, for a machine where nobody answers. */
static void add_files(const struct host *host, const char *name, json_t *result)
{
	CLEANUP(unit_file) struct unit_file file = { 0 };
	const struct unit_setting *setting = NULL;
	json_t *commands = json_array();
	char unit[300], path[600];

	text_format(unit, sizeof(unit), "%s.service", name);
	if (unit_file_load(&file, host, unit, path, sizeof(path)) == 0)
		json_put(result, "unit_file", json_string(path));
	while ((setting = unit_file_next(&file, "Service", "ExecStart", setting)) != NULL) {
		json_t *checked = service_check_command(
			host, unit_file_get(&file, "Service", "User"), setting->value);

		if (checked)
			json_push(commands, checked);
	}
	json_put(result, "exec_start", commands);
	text_format(path, sizeof(path), "/etc/init.d/%s", name);
	if (host_exists(host, path + 1))
		json_put(result, "init_script", json_string(path));
}

void service_detail_traces(struct task *task, const struct programs *programs, const char *name,
			   json_t *result)
{
	json_t *processes;
	char base[256];

	base_name(name, base, sizeof(base));
	processes = find_processes(programs, base);
	if (!json_array_size(processes))
		add_started(task->host, programs, base, processes);
	json_put(result, "running", json_boolean(json_array_size(processes)));
	json_put(result, "processes", processes);
	if (!json_object_get(result, "exec_start"))
		add_files(task->host, base, result);
	add_listening(task, processes, result);
	add_pid_files(task->host, programs, base, result);
	add_configuration(task->host, base, result);
	json_put(result, "log_files", service_logs_read(task, base, result));
}
