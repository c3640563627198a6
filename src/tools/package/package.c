#include "tools/package/package.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/tail.h"
#include "logs/logs.h"

#define TAIL_BYTES (1 * MIB)

static const struct {
	const char *manager, *mark, *logs[3];
} managers[] = {
	{ "dpkg", "var/lib/dpkg/status", { "var/log/dpkg.log.1", "var/log/dpkg.log", NULL } },
	{ "apk", "lib/apk/db/installed", { "var/log/apk.log", NULL } },
	{ "pacman", "var/lib/pacman/local", { "var/log/pacman.log", NULL } },
	{ "rpm", "var/lib/rpm", { "var/log/dnf.rpm.log", "var/log/yum.log", NULL } },
	{ "rpm", "usr/lib/sysimage/rpm", { "var/log/dnf.rpm.log", "var/log/zypp/history", NULL } },
};

const char *package_manager_find(const struct host *host)
{
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (host_exists(host, managers[i].mark))
			return managers[i].manager;
	return NULL;
}

static bool field(const char *line, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0 || line[len] != ':')
		return false;
	line += len + 1;
	line += strspn(line, " \t");
	text_format(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
	return true;
}

/* "install ok installed": what was wanted, what went wrong, what it is. */
static void count_package(struct dpkg_reader *reader)
{
	const char *state = strrchr(reader->status, ' ');

	if (!reader->name[0] || !state)
		return;
	state++;
	if (strcmp(state, "installed") == 0)
		reader->count->n_installed++;
	if (strncmp(reader->status, "hold ", 5) == 0)
		json_push(reader->count->held, json_text(reader->name, strlen(reader->name)));
	if ((strcmp(state, "installed") != 0 && strcmp(state, "config-files") != 0 &&
	     strcmp(state, "not-installed") != 0) ||
	    strstr(reader->status, "reinstreq"))
		if (json_array_size(reader->count->broken) < PACKAGE_MAX_BROKEN)
			json_push(reader->count->broken,
				  json_pack("{s:o, s:o, s:o}", "name",
					    json_text(reader->name, strlen(reader->name)),
					    "version",
					    json_text(reader->version, strlen(reader->version)),
					    "status",
					    json_text(reader->status, strlen(reader->status))));
}

void dpkg_read_end(struct dpkg_reader *reader)
{
	count_package(reader);
	reader->name[0] = reader->version[0] = reader->status[0] = '\0';
}

void dpkg_read_line(struct dpkg_reader *reader, const char *line)
{
	if (!*line)
		dpkg_read_end(reader);
	else if (!field(line, "Package", reader->name, sizeof(reader->name)) &&
		 !field(line, "Status", reader->status, sizeof(reader->status)))
		(void)field(line, "Version", reader->version, sizeof(reader->version));
}

json_t *dpkg_parse_log(const char *line)
{
	static const char *const actions[] = { "install", "upgrade", "remove", "purge" };
	struct str day, hour, action, package, from, to;

	if (!scan_word(&line, &day) || !scan_word(&line, &hour) || !scan_word(&line, &action) ||
	    !scan_word(&line, &package) || !scan_word(&line, &from) || !scan_word(&line, &to))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (str_is(action, actions[i]))
			return json_pack("{s:s, s:o, s:o, s:o}", "action", actions[i], "package",
					 json_str(package), "from", json_str(from), "to",
					 json_str(to));
	return NULL;
}

/* "[2026-01-02T03:04:05+0000] [ALPM] upgraded x (1 -> 2)"; dnf: "... Upgraded: x-2.x86_64". */
static json_t *parse_other_log(const char *line)
{
	static const struct {
		const char *words, *action;
	} marks[] = {
		{ "] upgraded ", "upgrade" },    { "] installed ", "install" },
		{ "] removed ", "remove" },      { "] downgraded ", "downgrade" },
		{ "Upgraded: ", "upgrade" },     { "Upgrade: ", "upgrade" },
		{ "Installed: ", "install" },    { "Erased: ", "remove" },
		{ "Removed: ", "remove" },       { "Updated: ", "upgrade" },
		{ "Downgraded: ", "downgrade" },
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *at = strstr(line, marks[i].words);

		if (at) {
			at += strlen(marks[i].words);
			return json_pack("{s:s, s:o}", "action", marks[i].action, "package",
					 json_text(at, strcspn(at, "\r\n")));
		}
	}
	return NULL;
}

static void read_log(struct task *task, const char *manager, const char *path, uint64_t since_s,
		     json_t *changes, json_t *result)
{
	struct log_clock clock = { .now_ns = host_now_ns(task->host) };
	CLEANUP(buf) struct buf text = { 0 };
	time_t now = (time_t)(clock.now_ns / NS_PER_SEC);
	struct tm local = { 0 };
	struct str line;
	const char *at;
	int r;

	if (!task->host->is_fixture && localtime_r(&now, &local))
		clock.zone_s = local.tm_gmtoff;
	buf_init(&text, TAIL_BYTES);
	r = host_tail(task->host, path, &text);
	if (r < 0 && r != -ENOENT)
		tool_unread(result, path, r);
	at = buf_text(&text);
	while (scan_line(&at, &line)) {
		char one[1024];
		uint64_t wall_ns;
		json_t *change;

		str_copy(line, one, sizeof(one));
		if (!log_time_parse(&clock, line, &wall_ns) || wall_ns > clock.now_ns ||
		    (clock.now_ns - wall_ns) / NS_PER_SEC > since_s)
			continue;
		change = strcmp(manager, "dpkg") == 0 ? dpkg_parse_log(one) : parse_other_log(one);
		if (!change)
			continue;
		json_put(change, "seconds_ago",
			 json_integer((json_int_t)((clock.now_ns - wall_ns) / NS_PER_SEC)));
		if (json_array_size(changes) == PACKAGE_MAX_CHANGES) {
			(void)json_array_remove(changes, PACKAGE_MAX_CHANGES - 1);
			json_put(result, "truncated", json_true());
		}
		if (json_array_insert_new(changes, 0, change) < 0)
			abort();
	}
}

json_t *package_changes(struct task *task, const char *manager, uint64_t since_s, json_t *result)
{
	json_t *changes = json_array();

	for (size_t i = 0; manager && i < ARRAY_LEN(managers); i++)
		if (strcmp(managers[i].manager, manager) == 0 &&
		    host_exists(task->host, managers[i].mark))
			for (size_t j = 0; managers[i].logs[j]; j++)
				read_log(task, manager, managers[i].logs[j], since_s, changes,
					 result);
	return changes;
}
