/* A unit in depth, by systemd's properties. */
#include <errno.h>
#include <string.h>

#include "host/executable.h"
#include "tools/service/service_detail.h"
#include "tools/service/unit_file.h"
#include "tools/service/unit_journal.h"
#include "tools/service/unit_state.h"

#define MAX_DEPENDENCIES 64
#define MAX_LOG_LINES 40

json_t *service_check_command(const struct host *host, const char *user, const char *command)
{
	struct account account;
	struct executable executable;
	char path[1024];
	json_t *checked;
	bool has_account = user && *user && account_find_name(host, user, &account);

	if (!unit_file_program(command, path, sizeof(path)))
		return NULL;
	executable_check(host, has_account ? &account : NULL, path, &executable);
	checked = json_pack("{s:o, s:s, s:b}", "command", json_text(command, strlen(command)),
			    "path", path, "ok", executable.code == 0);
	if (checked && executable.code < 0)
		json_put(checked, "problem",
			 json_text(executable.problem, strlen(executable.problem)));
	return checked;
}

/* D-Bus gives [path, [argument...], ignore failure, times..., pid, code, status]. */
static void join_command(const json_t *entry, char *text, size_t size)
{
	const json_t *arg;
	size_t i, len = 0;

	text[0] = '\0';
	json_array_foreach(json_array_get(entry, 1), i, arg)
	{
		const char *word =
			i ? json_string_value(arg) : json_string_value(json_array_get(entry, 0));

		text_format(text + len, size - len, "%s%s", i ? " " : "", word ? word : "");
		len += strlen(text + len);
	}
}

static void add_commands(const struct host *host, const json_t *properties, json_t *result)
{
	static const struct {
		const char *property, *member;
	} kinds[] = { { "ExecStartPre", "exec_start_pre" }, { "ExecStart", "exec_start" } };
	/* With a root directory of its own the paths are not ours to check. */
	bool has_root = *json_get_text(properties, "RootDirectory", "") != '\0';

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		json_t *list = json_array();
		const json_t *entry;
		size_t j;

		json_array_foreach(json_object_get(properties, kinds[i].property), j, entry)
		{
			char command[2048];
			json_t *checked;

			join_command(entry, command, sizeof(command));
			checked = has_root ? json_pack("{s:s}", "command", command)
					   : service_check_command(
						     host, json_get_text(properties, "User", NULL),
						     command);
			if (checked)
				json_push(list, checked);
		}
		json_put(result, kinds[i].member, list);
	}
}

static void add_surroundings(const struct host *host, const json_t *properties, json_t *result)
{
	const char *user = json_get_text(properties, "User", "");
	const char *folder = json_get_text(properties, "WorkingDirectory", "");
	json_t *missing = json_array();
	struct account account;
	const json_t *entry;
	size_t i;

	if (*user && !json_is_true(json_object_get(properties, "DynamicUser")) &&
	    !account_find_name(host, user, &account))
		json_push(missing, json_pack("{s:s, s:s}", "what", "user", "name", user));
	if (*folder == '!' || *folder == '-')
		folder = "";
	if (*folder == '/' && folder[1] && !host_exists(host, folder + 1))
		json_push(missing,
			  json_pack("{s:s, s:s}", "what", "working directory", "name", folder));
	json_array_foreach(json_object_get(properties, "EnvironmentFiles"), i, entry)
	{
		const char *path = json_string_value(json_array_get(entry, 0));

		if (path && path[0] == '/' && !json_is_true(json_array_get(entry, 1)) &&
		    !strpbrk(path, "*?[") && !host_exists(host, path + 1))
			json_push(missing, json_pack("{s:s, s:s}", "what", "environment file",
						     "name", path));
	}
	json_put(result, "missing", missing);
}

/* One dependency, if it is not as the unit wants it. */
static void add_dependency(struct systemd *systemd, const char *kind, const char *name,
			   json_t *list)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *properties = systemd_properties(systemd, name, &err);
	const char *active = json_get_text(properties, "ActiveState", "unknown");

	if (properties && (strcmp(active, "active") == 0 || strcmp(active, "reloading") == 0))
		return;
	json_push(list,
		  json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", name, "kind", kind, "load",
			    properties ? json_get_text(properties, "LoadState", "") : "not-found",
			    "active", active, "sub", json_get_text(properties, "SubState", "")));
}

static void add_dependencies(struct systemd *systemd, const json_t *properties, json_t *result)
{
	static const char *const kinds[] = { "Requires", "Requisite", "BindsTo", "Wants" };
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const json_t *name;
		size_t j;

		json_array_foreach(json_object_get(properties, kinds[i]), j,
				   name) if (json_is_string(name) && n++ < MAX_DEPENDENCIES)
			add_dependency(systemd, kinds[i], json_string_value(name), list);
	}
	if (n > MAX_DEPENDENCIES)
		json_put(result, "truncated", json_true());
	json_put(result, "dependencies_not_active", list);
}

static bool names_unit(const json_t *names, const char *unit)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i,
			   name) if (json_is_string(name) &&
				     strcmp(json_string_value(name), unit) == 0) return true;
	return false;
}

/* Units that are still being started and that this one is ordered after. */
static void add_waiting(struct systemd *systemd, const json_t *properties, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *jobs = systemd_jobs(systemd, &err);
	const json_t *after = json_object_get(properties, "After");
	const char *own = json_get_text(properties, "Id", "");
	json_t *waiting = json_array(), *job;
	size_t i;

	json_array_foreach(jobs, i, job)
	{
		const char *unit = json_get_text(job, "unit", "");

		if (strcmp(unit, own) == 0)
			json_put(result, "job", json_incref(job));
		else if (names_unit(after, unit))
			json_push(waiting, json_incref(job));
	}
	json_put(result, "waiting_for", waiting);
}

static void copy(json_t *result, const char *to, const json_t *properties, const char *from)
{
	json_t *value = json_object_get(properties, from);

	if (value)
		json_put(result, to, json_incref(value));
}

static void add_plain(const json_t *properties, uint64_t now_ns, json_t *result)
{
	static const char *const pairs[][2] = {
		{ "unit", "Id" },
		{ "description", "Description" },
		{ "load", "LoadState" },
		{ "active", "ActiveState" },
		{ "sub", "SubState" },
		{ "load_error", "LoadError" },
		{ "fragment_path", "FragmentPath" },
		{ "drop_ins", "DropInPaths" },
		{ "enabled", "UnitFileState" },
		{ "needs_daemon_reload", "NeedDaemonReload" },
		{ "user", "User" },
		{ "status_text", "StatusText" },
		{ "condition_result", "ConditionResult" },
		{ "pid_file", "PIDFile" },
		{ "tasks_max", "TasksMax" },
		{ "tasks", "TasksCurrent" },
		{ "limit_nofile", "LimitNOFILE" },
		{ "cpu_quota_usec_per_s", "CPUQuotaPerSecUSec" },
		{ "timeout_start_usec", "TimeoutStartUSec" },
		{ "watchdog_usec", "WatchdogUSec" },
		{ "oom_policy", "OOMPolicy" },
		{ "cgroup", "ControlGroup" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		copy(result, pairs[i][0], properties, pairs[i][1]);
	unit_state_add(result, properties, now_ns);
}

static void add_log(struct task *task, const char *unit, json_t *result)
{
	json_t *lines = unit_journal_read(task, unit, MAX_LOG_LINES);

	if (lines)
		json_put(result, "log",
			 json_pack("{s:s, s:o}", "source", "journal", "lines", lines));
	else
		tool_unread(result, "the unit's journal", -errno);
}

int service_detail_unit(struct task *task, struct systemd *systemd, const char *name,
			json_t *result, struct error *err)
{
	CLEANUP(json) json_t *properties = systemd_properties(systemd, name, err);

	if (!properties)
		return err->code;
	add_plain(properties, host_now_ns(task->host), result);
	add_commands(task->host, properties, result);
	add_surroundings(task->host, properties, result);
	add_dependencies(systemd, properties, result);
	add_waiting(systemd, properties, result);
	add_log(task, json_get_text(properties, "Id", name), result);
	return 0;
}
