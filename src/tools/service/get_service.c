/* get_service: one service in depth, as its manager or its traces tell. */
#include <errno.h>
#include <string.h>

#include "tools/catalogue.h"
#include "tools/service/service.h"
#include "tools/service/service_detail.h"
#include "tools/service/systemd.h"
#include "tools/service/unit_state.h"

static void get_from_systemd(struct task *task, const char *name, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(systemd) struct systemd *systemd = systemd_open(task, &err);

	if (systemd && service_detail_unit(task, systemd, name, result, &err) == 0)
		return;
	tool_unread(result, err.text, err.code);
	/* Only systemd itself knows that it has no such unit. */
	if (systemd && err.code == -ENOENT)
		json_put(result, "unit_missing", json_true());
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *name = json_get_text(args, "name", "");
	CLEANUP(programs) struct programs programs = { 0 };
	enum service_manager manager;
	int r;

	if (!*name || strchr(name, '/'))
		return error_set(err, -EINVAL, "'%s' is no name of a service", name);
	r = programs_load(task->host, &programs);
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	manager = service_manager_find(task->host, &programs);
	json_put(result, "name", json_text(name, strlen(name)));
	json_put(result, "manager", json_string(service_manager_name(manager)));
	if (manager == SERVICE_SYSTEMD)
		get_from_systemd(task, name, result);
	service_detail_traces(task, &programs, name, result);
	return 0;
}

#define COMMANDS "[{command: string, path?: string, ok?: boolean, problem?: string}]"
#define JOB "{unit: string, type: string, state: string}"

const struct tool tool_get_service = {
	.info = {
		.name = "get_service",
		.summary = "One service in depth: its unit, how it ended, what it needs and lacks, its "
			   "processes, ports and last log lines.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
			  "\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,"
			  "\"maxLength\":200,\"description\":\"Name of the service, such as nginx or "
			  "nginx.service\"}}}",
		.result = "name: string, manager: string, running: boolean, unit_missing?: boolean, "
			"unit?: string, description?: string, load?: string, active?: string, "
			"sub?: string, load_error?: [string], fragment_path?: string, "
			"drop_ins?: [string], enabled?: string, needs_daemon_reload?: boolean, "
			"user?: string, status_text?: string, condition_result?: boolean, "
			"pid_file?: string, tasks_max?: integer|null, tasks?: integer|null, "
			"limit_nofile?: integer|null, cpu_quota_usec_per_s?: integer|null, "
			"timeout_start_usec?: integer|null, watchdog_usec?: integer|null, "
			"oom_policy?: string, cgroup?: string, " UNIT_STATE_RESULT
			", exec_start_pre?: " COMMANDS ", exec_start?: " COMMANDS
			", missing?: [{what: string, name: string}], "
			"dependencies_not_active?: [{name: string, kind: string, load: string, "
			"active: string, sub: string}], job?: " JOB ", waiting_for?: [" JOB
			"], log?: {source: string, lines: [{text: string, priority: integer, "
			"pid: integer, seconds_ago?: integer}]}, processes: [" PROGRAM_RESULT
			"], unit_file?: string, init_script?: string, "
			"listening: [{address: string, port: integer, pid: integer}], "
			"pid_files: [{path: string, pid: integer, stale: boolean}], "
			"configuration: [string], log_files: [{path: string, bytes: integer, "
			"modified_s_ago: integer, errors: [string], last: [string]}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_SYSTEMD | TOOL_NEEDS_ROOT_FILES | TOOL_NEEDS_BROKER |
			 TOOL_NEEDS_LOGS,
	},
	.run = run,
};
