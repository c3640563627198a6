/* Enabled unit files where systemd does not run: what should be there, and is it? */
#include <string.h>

#include "tools/service/service.h"
#include "tools/service/unit_file.h"

#define MAX_TARGETS 4

static const char *const wants_folders[MAX_TARGETS] = {
	"etc/systemd/system/multi-user.target.wants",
	"etc/systemd/system/graphical.target.wants",
	"etc/systemd/system/default.target.wants",
	"etc/systemd/system/network-online.target.wants",
};

static json_t *describe(const struct programs *programs, const char *name,
			const struct unit_file *file)
{
	const char *exec = unit_file_get(file, "Service", "ExecStart");
	const char *description = unit_file_get(file, "Unit", "Description");
	const struct program *program = NULL;
	char path[512] = "";
	json_t *unit;

	if (exec && unit_file_program(exec, path, sizeof(path))) {
		const char *slash = strrchr(path, '/');

		program = programs_next(programs, slash ? slash + 1 : path, NULL);
	}
	unit = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "load", "enabled", "active",
			 program ? "active" : "inactive", "sub", program ? "running" : "dead");
	if (!unit)
		return NULL;
	if (description)
		json_put(unit, "description", json_text(description, strlen(description)));
	if (path[0])
		json_put(unit, "program", json_text(path, strlen(path)));
	if (program) {
		json_put(unit, "main_pid", json_integer(program->pid));
		json_put(unit, "since_s_ago", json_integer((json_int_t)program->age_s));
	}
	return unit;
}

static void add_folder(const struct host *host, const struct programs *programs, const char *folder,
		       json_t *units)
{
	CLEANUP(json) json_t *names = host_list(host, folder, SERVICE_MAX_UNITS);
	const json_t *entry;
	size_t i;

	json_array_foreach(names, i, entry)
	{
		CLEANUP(unit_file) struct unit_file file = { 0 };
		const char *name = json_string_value(entry), *dot = strrchr(name, '.');
		char path[512];
		json_t *unit;

		if (!dot || strcmp(dot, ".service") != 0 ||
		    json_array_size(units) == SERVICE_MAX_UNITS)
			continue;
		if (unit_file_load(&file, host, name, path, sizeof(path)) < 0)
			continue;
		unit = describe(programs, name, &file);
		if (unit)
			json_push(units, unit);
	}
}

json_t *service_disk_units(const struct host *host, const struct programs *programs)
{
	json_t *units = json_array();

	for (size_t i = 0; i < MAX_TARGETS; i++)
		add_folder(host, programs, wants_folders[i], units);
	return units;
}
