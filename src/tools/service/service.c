#include "tools/service/service.h"

#include <errno.h>
#include <string.h>

#include "tools/service/systemd.h"

enum service_manager service_manager_find(const struct host *host, const struct programs *programs)
{
	const struct program *init = programs_find_pid(programs, 1);

	if (systemd_is_running(host))
		return SERVICE_SYSTEMD;
	if (host_exists(host, "run/openrc/softlevel"))
		return SERVICE_OPENRC;
	if (programs_next(programs, "runsvdir", NULL) || programs_next(programs, "runit", NULL))
		return SERVICE_RUNIT;
	if (programs_next(programs, "s6-svscan", NULL))
		return SERVICE_S6;
	if (programs_next(programs, "supervisord", NULL))
		return SERVICE_SUPERVISORD;
	/* Containers use tiny inits of this name as well; a real one has its table. */
	if (init && strcmp(init->comm, "init") == 0 && host_exists(host, "etc/inittab"))
		return SERVICE_SYSVINIT;
	return SERVICE_NONE;
}

const char *service_manager_name(enum service_manager manager)
{
	static const char *const names[] = {
		[SERVICE_SYSTEMD] = "systemd", [SERVICE_SYSVINIT] = "sysvinit",
		[SERVICE_OPENRC] = "openrc",   [SERVICE_RUNIT] = "runit",
		[SERVICE_S6] = "s6",           [SERVICE_SUPERVISORD] = "supervisord",
		[SERVICE_NONE] = "none",
	};

	return names[manager];
}

json_t *service_failed(const json_t *units)
{
	json_t *failed = json_array();
	const json_t *unit;
	size_t i;

	json_array_foreach(units, i,
			   unit) if (strcmp(json_get_text(unit, "active", ""), "failed") == 0)
		json_push(failed, json_incref(json_object_get(unit, "name")));
	return failed;
}

pid_t service_read_pid(const struct host *host, const char *path)
{
	char text[32];
	const char *at = text + 0;
	uint64_t pid;
	ssize_t len;

	while (*path == '/')
		path++;
	len = host_read(host, path, text, sizeof(text));
	if (len < 0)
		return (pid_t)len;
	return scan_u64(&at, &pid) && pid <= INT32_MAX ? (pid_t)pid : 0;
}

static bool is_init(const struct program *program, const struct programs *programs)
{
	static const char *const inits[] = { "systemd",   "init",        "tini",       "dumb-init",
					     "catatonit", "supervisord", "docker-init" };

	if (program->pid == 1)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(inits); i++)
		if (strcmp(program->comm, inits[i]) == 0 && programs_find_pid(programs, 1) &&
		    program->ppid <= 1)
			return true;
	return false;
}

static bool is_shell(const struct program *program)
{
	static const char *const shells[] = { "sh",   "bash", "dash", "ash",   "zsh",
					      "fish", "su",   "sudo", "login", "sleep" };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (strcmp(program->comm, shells[i]) == 0)
			return true;
	return false;
}

json_t *service_daemons(const struct host *host UNUSED, const struct programs *programs)
{
	json_t *daemons = json_array();

	for (size_t i = 0; i < programs->n && json_array_size(daemons) < SERVICE_MAX_UNITS; i++) {
		const struct program *program = &programs->list[i];
		const struct program *parent = programs_find_pid(programs, program->ppid);
		bool is_child = !parent || is_init(parent, programs);

		if (is_child && !is_shell(program) && program->state != 'Z')
			json_push(daemons, program_json(program));
	}
	return daemons;
}
