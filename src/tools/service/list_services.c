/* list_services: which services there are, and which of them failed. */
#include <errno.h>
#include <string.h>

#include "tools/catalogue.h"
#include "tools/service/service.h"
#include "tools/service/systemd.h"
#include "tools/service/unit_file.h"
#include "tools/service/unit_state.h"

#define ADMIN_UNITS "etc/systemd/system"

/* Whether a unit's row is worth a look at its properties. */
static bool is_telling(const json_t *row)
{
	const char *active = json_get_text(row, "active", "");

	return strcmp(active, "inactive") != 0;
}

/* Services always; of the other kinds only what is not as it should be. */
static bool is_listed(const json_t *row)
{
	const char *name = json_get_text(row, "name", ""), *dot = strrchr(name, '.');
	const char *active = json_get_text(row, "active", "");
	const char *load = json_get_text(row, "load", "");

	if (dot && strcmp(dot, ".service") == 0)
		return strcmp(load, "not-found") != 0;
	return strcmp(active, "failed") == 0 || strcmp(active, "activating") == 0;
}

static bool is_trigger(const json_t *unit, const char *service, size_t len)
{
	static const char *const kinds[] = { ".timer", ".socket", ".path" };
	const char *name = json_get_text(unit, "name", "");

	if (strncmp(name, service, len) != 0 ||
	    strcmp(json_get_text(unit, "active", ""), "active") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(name + len, kinds[i]) == 0)
			return true;
	return false;
}

/* A service that another unit starts when it is time may rest: that is no fault. */
static void add_trigger(const json_t *all, json_t *row)
{
	const char *name = json_get_text(row, "name", ""), *dot = strrchr(name, '.');
	const json_t *other;
	size_t i;

	if (!dot || is_telling(row))
		return;
	json_array_foreach(all, i, other) if (is_trigger(other, name, (size_t)(dot - name)))
		json_put(row, "triggered_by", json_string(json_get_text(other, "name", "")));
}

static void add_state(struct systemd *systemd, uint64_t now_ns, json_t *row, json_t *result)
{
	const char *name = json_get_text(row, "name", "");
	struct error err = { 0 };
	CLEANUP(json) json_t *properties = systemd_properties(systemd, name, &err);

	if (properties)
		unit_state_add(row, properties, now_ns);
	else
		tool_unread(result, name, err.code);
}

static bool is_among(const json_t *units, const char *name)
{
	const json_t *unit;
	size_t i;

	json_array_foreach(units, i, unit) if (strcmp(json_get_text(unit, "name", ""), name) ==
					       0) return true;
	return false;
}

/* What runs once and ends is not missed when it is not there. */
static bool runs_once(const struct host *host, const char *name)
{
	CLEANUP(unit_file) struct unit_file file = { 0 };
	char path[600];
	const char *type;

	if (unit_file_load(&file, host, name, path, sizeof(path)) < 0)
		return true;
	type = unit_file_get(&file, "Service", "Type");
	return type && strcmp(type, "oneshot") == 0;
}

/* "masked" or "unloaded", or NULL if its file is none of a service: an alias, a template. */
static const char *forgotten_state(const struct host *host, const char *name)
{
	const char *dot = strrchr(name, '.');
	char path[512], target[512];

	if (!dot || strcmp(dot, ".service") != 0 || strchr(name, '@'))
		return NULL;
	text_format(path, sizeof(path), ADMIN_UNITS "/%s", name);
	if (host_readlink(host, path, target, sizeof(target)) >= 0)
		return strcmp(target, "/dev/null") == 0 ? "masked" : NULL;
	return runs_once(host, name) ? NULL : "unloaded";
}

/*
 * systemd forgets a unit that is stopped and that nothing wants, and never
 * knew one that is masked: of the administrator's own, their files tell.
 */
static void add_forgotten(struct task *task, const json_t *all, json_t *units)
{
	CLEANUP(json) json_t *names = host_list(task->host, ADMIN_UNITS, SERVICE_MAX_UNITS);
	const json_t *entry;
	size_t i;

	json_array_foreach(names, i, entry)
	{
		const char *name = json_string_value(entry);
		const char *state = forgotten_state(task->host, name);
		json_t *row;

		if (!state || json_array_size(units) == SERVICE_MAX_UNITS || is_among(all, name))
			continue;
		row = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "load", state, "active",
				"inactive", "sub", "dead");
		add_trigger(all, row);
		json_push(units, row);
	}
}

static int list_units(struct task *task, struct systemd *systemd, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *all = systemd_units(systemd, err);
	json_t *units = json_array(), *row;
	size_t i;

	json_put(result, "units", units);
	if (!all)
		return err->code;
	json_array_foreach(all, i, row)
	{
		if (!is_listed(row))
			continue;
		if (json_array_size(units) == SERVICE_MAX_UNITS) {
			json_put(result, "truncated", json_true());
			break;
		}
		if (is_telling(row))
			add_state(systemd, host_now_ns(task->host), row, result);
		add_trigger(all, row);
		json_push(units, json_incref(row));
	}
	add_forgotten(task, all, units);
	json_put(result, "failed", service_failed(units));
	return 0;
}

static int list_systemd(struct task *task, json_t *result, struct error *err)
{
	CLEANUP(systemd) struct systemd *systemd = systemd_open(task, err);
	CLEANUP(json) json_t *manager = systemd ? systemd_manager(systemd, err) : NULL;
	json_t *jobs;
	int r;

	if (!manager)
		return err->code;
	json_put(result, "state", json_string(json_get_text(manager, "SystemState", "unknown")));
	json_put(result, "version", json_string(json_get_text(manager, "Version", "")));
	r = list_units(task, systemd, result, err);
	if (r < 0)
		return r;
	jobs = systemd_jobs(systemd, err);
	json_put(result, "jobs", jobs ? jobs : json_array());
	return 0;
}

/* What files and processes tell where no manager answers. */
static void list_by_files(struct task *task, const struct programs *programs, json_t *result)
{
	CLEANUP(json) json_t *supervised = service_supervised_units(task->host, programs, result);
	json_t *units = service_sysv_units(task->host, programs);
	json_t *disk = service_disk_units(task->host, programs);

	(void)json_array_extend(units, supervised);
	json_put(result, "failed", service_failed(units));
	json_put(result, "units", units);
	json_put(result, "enabled_on_disk", disk);
	json_put(result, "daemons", service_daemons(task->host, programs));
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	enum service_manager manager;
	struct error bus = { 0 };
	int r = programs_load(task->host, &programs);

	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	manager = service_manager_find(task->host, &programs);
	json_put(result, "manager", json_string(service_manager_name(manager)));
	if (manager == SERVICE_SYSTEMD) {
		if (list_systemd(task, result, &bus) == 0)
			return 0;
		/* A hung or unreachable systemd is no reason to see nothing. */
		json_put(result, "state", json_string("unreachable"));
		tool_unread(result, bus.text, bus.code);
	} else {
		json_put(result, "state", json_string("not-applicable"));
	}
	list_by_files(task, &programs, result);
	return 0;
}

#define UNIT                                                                  \
	"{name: string, description?: string, load: string, active: string, " \
	"sub: string, " UNIT_STATE_RESULT                                     \
	", triggered_by?: string, program?: string, run_levels?: string, "    \
	"pid_file?: string, stale_pid?: integer}"

const struct tool tool_list_services = {
	.info = {
		.name = "list_services",
		.summary = "Which services this machine runs, by systemd or whatever manages them, "
			   "and which failed or wait.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "manager: string, state: string, version?: string, units: [" UNIT
			"], failed: [string], jobs?: [{unit: string, type: string, "
			"state: string}], enabled_on_disk?: [" UNIT "], daemons?: [" PROGRAM_RESULT
			"]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_SYSTEMD | TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
