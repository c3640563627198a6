/* list_packages: how many packages, which are broken, what changed lately. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "tools/catalogue.h"
#include "tools/package/package.h"

#define STATUS_MAX_BYTES (64 * MIB)
#define S_PER_DAY 86400

static void read_dpkg(struct task *task, json_t *result)
{
	CLEANUP(fd) int fd = host_open(task->host, "var/lib/dpkg/status", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct package_count count = { 0, json_array(), json_array() };
	struct dpkg_reader reader = { .count = &count };
	CLEANUP(json) json_t *updates = host_list(task->host, "var/lib/dpkg/updates", 16);
	struct str line;

	if (fd < 0)
		tool_unread(result, "/var/lib/dpkg/status", fd);
	else
		lines_init(&lines, fd, STATUS_MAX_BYTES);
	while (fd >= 0 && lines_next(&lines, &line))
		dpkg_read_line(&reader, line.data);
	dpkg_read_end(&reader);
	json_put(result, "n_installed", json_integer((json_int_t)count.n_installed));
	json_put(result, "broken", count.broken);
	json_put(result, "held", count.held);
	/* Journal entries remain only where dpkg was interrupted. */
	json_put(result, "interrupted", json_boolean(json_array_size(updates)));
	if (lines.truncated)
		json_put(result, "truncated", json_true());
}

static void count_apk(struct task *task, json_t *result)
{
	CLEANUP(fd) int fd = host_open(task->host, "lib/apk/db/installed", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;
	json_int_t n = 0;

	if (fd < 0) {
		tool_unread(result, "/lib/apk/db/installed", fd);
		return;
	}
	lines_init(&lines, fd, STATUS_MAX_BYTES);
	while (lines_next(&lines, &line))
		n += str_starts(line, "P:");
	json_put(result, "n_installed", json_integer(n));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	const char *manager = package_manager_find(task->host);
	uint64_t days = (uint64_t)json_get_int(args, "recent_days", 7);

	json_put(result, "manager", json_string(manager ? manager : "none"));
	if (manager && strcmp(manager, "dpkg") == 0)
		read_dpkg(task, result);
	else if (manager && strcmp(manager, "apk") == 0)
		count_apk(task, result);
	else if (manager && strcmp(manager, "pacman") == 0) {
		CLEANUP(json) json_t *names = host_list(task->host, "var/lib/pacman/local", 100000);

		json_put(result, "n_installed", json_integer((json_int_t)json_array_size(names)));
	} else if (manager) {
		/* The database is Berkeley DB or SQLite of a private layout. */
		tool_unread(result, "rpm's database", -EOPNOTSUPP);
	}
	json_put(result, "recent", package_changes(task, manager, days * S_PER_DAY, result));
	return 0;
}

const struct tool tool_list_packages = {
	.info = {
		.name = "list_packages",
		.summary = "The package manager's state: how many packages, which are broken or held, and "
			   "what was installed, upgraded or removed lately.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"recent_days\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":365,"
			  "\"default\":7,\"description\":\"How far back changes are listed\"}}}",
		.result = "manager: string, n_installed?: integer, broken?: [{name: string, "
			"version: string, status: string}], held?: [string], "
			"interrupted?: boolean, recent: " PACKAGE_CHANGES_RESULT,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
