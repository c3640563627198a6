#include "tools/service/systemd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "tools/service/bus_value.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define CALL_TIMEOUT_USEC (UINT64_C(5) * 1000 * 1000)

struct systemd {
	sd_bus *bus;      /* NULL in a fixture */
	json_t *recorded; /* NULL on a real machine */
	uint64_t deadline_ns;
};

static void reply_cleanup(sd_bus_message **reply)
{
	(void)sd_bus_message_unref(*reply);
}

bool systemd_is_running(const struct host *host)
{
	return host_exists(host, "run/systemd/system");
}

/* The launcher connects for a job that may not open sockets itself. */
static int open_bus(sd_bus **bus_out)
{
	const char *inherited = getenv("CONSTABLE_BUS_FD");
	sd_bus *bus = NULL;
	uint64_t fd;
	int r;

	if (!inherited)
		return sd_bus_open_system(bus_out);
	if (!scan_u64(&inherited, &fd) || *inherited || fd > INT32_MAX)
		return -EBADF;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, (int)fd, (int)fd);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		sd_bus_unref(bus);
	else
		*bus_out = bus;
	return r;
}

struct systemd *systemd_open(struct task *task, struct error *err)
{
	struct systemd *systemd = calloc(1, sizeof(*systemd));
	int r = 0;

	if (!systemd)
		abort();
	systemd->deadline_ns = task->deadline_ns;
	if (task->host->is_fixture) {
		systemd->recorded = host_recorded(task->host, "systemd");
		r = systemd->recorded ? 0 : -ENOENT;
	} else {
		r = open_bus(&systemd->bus);
		if (r >= 0)
			r = sd_bus_set_method_call_timeout(systemd->bus, CALL_TIMEOUT_USEC);
	}
	if (r >= 0)
		return systemd;
	error_set(err, r, "reach systemd over the system bus: %s", strerrordesc_np(-r));
	systemd_cleanup(&systemd);
	return NULL;
}

void systemd_cleanup(struct systemd **systemd)
{
	if (!*systemd)
		return;
	sd_bus_flush_close_unref((*systemd)->bus);
	json_decref((*systemd)->recorded);
	free(*systemd);
	*systemd = NULL;
}

static json_t *copy_recorded(const struct systemd *systemd, const char *key, struct error *err)
{
	json_t *value = json_object_get(systemd->recorded, key);

	if (!value)
		error_set(err, -ENOENT, "the fixture recorded no '%s' of systemd", key);
	return value ? json_deep_copy(value) : NULL;
}

/* Calls a method of one string argument or none, and reads its first value. */
static json_t *ask(struct systemd *systemd, const char *path, const char *interface,
		   const char *method, const char *arg, struct error *err)
{
	CLEANUP(reply) sd_bus_message *reply = NULL;
	sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	json_t *value = NULL;
	int r = -ETIMEDOUT;

	if (clock_monotonic_ns() < systemd->deadline_ns)
		r = sd_bus_call_method(systemd->bus, SERVICE, path, interface, method, &bus_error,
				       &reply, arg ? "s" : "", arg);
	if (r < 0)
		error_set(err, r, "ask systemd for %s: %s", method,
			  bus_error.message ? bus_error.message : strerrordesc_np(-r));
	else if (!(value = bus_value_read(reply, 0)))
		error_set(err, -EBADMSG, "systemd's answer to %s is malformed", method);
	sd_bus_error_free(&bus_error);
	return value;
}

static json_t *text_at(const json_t *row, size_t i)
{
	json_t *item = json_array_get(row, i);

	return item ? json_incref(item) : json_string("");
}

static int compare_units(const void *left, const void *right)
{
	const json_t *const *a = left, *const *b = right;

	return strcmp(json_get_text(*a, "name", ""), json_get_text(*b, "name", ""));
}

/* systemd lists in the order of a hash table, which differs from boot to boot. */
static json_t *sort_units(json_t *units)
{
	size_t n = json_array_size(units);
	const json_t **list = calloc(n + 1, sizeof(json_t *));
	json_t *sorted = json_array();

	if (!list)
		abort();
	for (size_t i = 0; i < n; i++)
		list[i] = json_array_get(units, i);
	qsort(list, n, sizeof(json_t *), compare_units);
	for (size_t i = 0; i < n; i++)
		json_push(sorted, json_incref((json_t *)list[i]));
	free(list);
	json_decref(units);
	return sorted;
}

json_t *systemd_units(struct systemd *systemd, struct error *err)
{
	CLEANUP(json) json_t *rows = NULL;
	const json_t *row;
	json_t *units;
	size_t i;

	if (systemd->recorded)
		return copy_recorded(systemd, "units", err);
	rows = ask(systemd, MANAGER_PATH, MANAGER, "ListUnits", NULL, err);
	if (!rows)
		return NULL;
	units = json_array();
	json_array_foreach(rows, i, row)
		json_push(units, json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_at(row, 0),
					   "description", text_at(row, 1), "load", text_at(row, 2),
					   "active", text_at(row, 3), "sub", text_at(row, 4)));
	return sort_units(units);
}

json_t *systemd_jobs(struct systemd *systemd, struct error *err)
{
	CLEANUP(json) json_t *rows = NULL;
	const json_t *row;
	json_t *jobs;
	size_t i;

	if (systemd->recorded)
		return copy_recorded(systemd, "jobs", err);
	rows = ask(systemd, MANAGER_PATH, MANAGER, "ListJobs", NULL, err);
	if (!rows)
		return NULL;
	jobs = json_array();
	json_array_foreach(rows, i, row)
		json_push(jobs, json_pack("{s:o, s:o, s:o}", "unit", text_at(row, 1), "type",
					  text_at(row, 2), "state", text_at(row, 3)));
	return jobs;
}

static json_t *get_all(struct systemd *systemd, const char *path, const char *interface,
		       struct error *err)
{
	return ask(systemd, path, "org.freedesktop.DBus.Properties", "GetAll", interface, err);
}

json_t *systemd_manager(struct systemd *systemd, struct error *err)
{
	if (systemd->recorded)
		return copy_recorded(systemd, "manager", err);
	return get_all(systemd, MANAGER_PATH, MANAGER, err);
}

/* "x.timer" -> "org.freedesktop.systemd1.Timer" */
static void interface_of(const char *unit, char *text_out, size_t size)
{
	const char *dot = strrchr(unit, '.');

	text_format(text_out, size, SERVICE ".%c%s", dot[1] & ~0x20, dot + 2);
}

static const char *const suffixes[] = {
	".service", ".socket", ".target", ".device", ".mount", ".automount",
	".swap",    ".timer",  ".path",   ".slice",  ".scope",
};

static bool has_suffix(const char *unit)
{
	const char *dot = strrchr(unit, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(suffixes); i++)
		if (strcmp(dot, suffixes[i]) == 0)
			return true;
	return false;
}

static json_t *recorded_properties(const struct systemd *systemd, const char *unit,
				   struct error *err)
{
	json_t *value = json_object_get(json_object_get(systemd->recorded, "properties"), unit);

	if (!value)
		error_set(err, -ENOENT, "there is no unit '%s'", unit);
	return value ? json_deep_copy(value) : NULL;
}

static json_t *unit_properties(struct systemd *systemd, const char *unit, const char *path,
			       struct error *err)
{
	json_t *properties = get_all(systemd, path, SERVICE ".Unit", err);
	CLEANUP(json) json_t *more = NULL;
	char interface[128];

	if (!properties)
		return NULL;
	if (strcmp(json_get_text(properties, "LoadState", ""), "not-found") == 0) {
		json_decref(properties);
		error_set(err, -ENOENT, "there is no unit '%s'", unit);
		return NULL;
	}
	interface_of(unit, interface, sizeof(interface));
	more = get_all(systemd, path, interface, err);
	if (more)
		(void)json_object_update(properties, more);
	return properties;
}

json_t *systemd_properties(struct systemd *systemd, const char *unit, struct error *err)
{
	CLEANUP(json) json_t *properties = NULL;
	char name[256];
	char *path = NULL;
	int r;

	text_format(name, sizeof(name), "%s%s", unit, has_suffix(unit) ? "" : ".service");
	if (systemd->recorded)
		return recorded_properties(systemd, name, err);
	r = sd_bus_path_encode(MANAGER_PATH "/unit", name, &path);
	if (r >= 0)
		properties = unit_properties(systemd, name, path, err);
	else
		error_set(err, r, "'%s' is no name of a unit", name);
	free(path);
	return properties ? json_incref(properties) : NULL;
}
