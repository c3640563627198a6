#include "tools/logs/log_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/broker.h"
#include "host/process.h"

#define MAX_DEPTH 4
#define MAX_ENTRIES 4000 /* looked at */
#define MAX_NAMES 1000   /* of one directory */
#define MAX_FOUND 500
#define MAX_ANCESTORS 32
#define TICKS_PER_S 100.0 /* USER_HZ */

struct found {
	char path[512];
	double modified_s_ago;
};

struct walk {
	struct task *task;
	struct log_clock clock;
	const struct log_paths_query *query;
	json_t *result;
	struct found *found;
	size_t n_found, n_entries;
	bool truncated;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Not text, or not current: databases of logins, compressed rotations, journals. */
static bool is_skipped(const char *path)
{
	static const char *const ends[] = { ".gz",      ".xz",       ".zst",  ".bz2",   ".lz4",
					    ".journal", ".journal~", "/wtmp", "/btmp",  "/lastlog",
					    "/faillog", "/tallylog", ".db",   ".sqlite" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends_with(path, ends[i]))
			return true;
	return false;
}

/* Of a pod of another namespace than those that were asked for. */
static bool is_others(const json_t *namespaces, const char *path)
{
	static const char pods[] = "/var/log/pods/";
	const char *name = path + strlen(pods);
	const json_t *wanted;
	size_t i;

	if (!namespaces || strncmp(path, pods, strlen(pods)) != 0)
		return false;
	json_array_foreach(namespaces, i, wanted)
	{
		const char *text = json_string_value(wanted);

		if (strncmp(name, text, strlen(text)) == 0 && name[strlen(text)] == '_')
			return false;
	}
	return true;
}

static bool is_known(const struct walk *walk, const char *path)
{
	for (size_t i = 0; i < walk->n_found; i++)
		if (strcmp(walk->found[i].path, path) == 0)
			return true;
	return false;
}

static void add_file(struct walk *walk, const char *path, const struct stat *status)
{
	double ago = log_seconds_ago(&walk->clock, (uint64_t)status->st_mtim.tv_sec * NS_PER_SEC +
							   (uint64_t)status->st_mtim.tv_nsec);

	if (status->st_size == 0 || ago > walk->query->since_s || is_skipped(path) ||
	    is_others(walk->query->namespaces, path) || strlen(path) >= sizeof(walk->found->path) ||
	    is_known(walk, path))
		return;
	if (walk->n_found == MAX_FOUND) {
		walk->truncated = true;
		return;
	}
	(void)snprintf(walk->found[walk->n_found].path, sizeof(walk->found->path), "%s", path);
	walk->found[walk->n_found++].modified_s_ago = ago;
}

static int status_of(const struct walk *walk, const char *path, struct stat *status_out)
{
	CLEANUP(fd) int fd = host_open(walk->task->host, path + 1, O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return fd;
	return fstat(fd, status_out) < 0 ? -errno : 0;
}

static void walk_directory(struct walk *walk, const char *path, unsigned depth)
{
	CLEANUP(json) json_t *names = host_list(walk->task->host, path + 1, MAX_NAMES);
	const json_t *name;
	size_t i;

	if (!names) {
		if (errno != ENOENT)
			tool_unread(walk->result, path, -errno);
		return;
	}
	walk->truncated |= json_array_size(names) == MAX_NAMES;
	json_array_foreach(names, i, name)
	{
		char child[1024];
		struct stat status;

		if (walk->n_entries++ == MAX_ENTRIES ||
		    clock_monotonic_ns() > walk->task->deadline_ns) {
			walk->truncated = true;
			return;
		}
		(void)snprintf(child, sizeof(child), "%s/%s", path, json_string_value(name));
		if (status_of(walk, child, &status) < 0)
			continue;
		if (S_ISDIR(status.st_mode) && depth < MAX_DEPTH)
			walk_directory(walk, child, depth + 1);
		else if (S_ISREG(status.st_mode))
			add_file(walk, child, &status);
	}
}

static bool is_log_like(const char *path, int64_t fd)
{
	return fd == 1 || fd == 2 || ends_with(path, ".log") || ends_with(path, ".err") ||
	       ends_with(path, ".out") || strstr(path, "/log/") || strstr(path, "/logs/");
}

/* The parent, and whether it is a program of ours; 0 if there is none or it is the first. */
static int64_t read_parent(const struct walk *walk, int64_t pid, bool *is_ours_out)
{
	char path[64], text[1024];
	const char *close;
	uint64_t parent;

	(void)snprintf(path, sizeof(path), "proc/%lld/stat", (long long)pid);
	if (host_read(walk->task->host, path, text, sizeof(text)) < 0)
		return 0;
	*is_ours_out = strstr(text, "(constable") != NULL;
	close = strrchr(text, ')');
	if (!close || !close[1] || !close[2])
		return 0;
	close += 3;
	return scan_u64(&close, &parent) && parent > 1 ? (int64_t)parent : 0;
}

/* The highest descriptor of a process behind which is no log of the host; -1 for none. */
static void set_own_fds(json_t *askers, int64_t pid, int64_t highest)
{
	char key[24];

	(void)snprintf(key, sizeof(key), "%lld", (long long)pid);
	json_put(askers, key, json_integer(highest));
}

static int64_t own_fds(const json_t *askers, int64_t pid)
{
	char key[24];

	(void)snprintf(key, sizeof(key), "%lld", (long long)pid);
	return json_get_int(askers, key, -1);
}

/* The processes of ours, and what they descend from: the shell or the script that asks. */
static json_t *find_askers(const struct walk *walk, const json_t *processes)
{
	json_t *askers = json_object();
	const json_t *process;
	size_t i;

	json_array_foreach(processes, i, process)
	{
		int64_t pid = json_get_int(process, "pid", 0);
		bool is_ours = false;
		int64_t parent = read_parent(walk, pid, &is_ours);

		if (!is_ours)
			continue;
		set_own_fds(askers, pid, INT64_MAX);
		for (unsigned n = 0; parent && n < MAX_ANCESTORS; n++) {
			bool is_next_ours = false;
			int64_t next = read_parent(walk, parent, &is_next_ours);

			if (!is_next_ours)
				set_own_fds(askers, parent, STDERR_FILENO);
			parent = next;
		}
	}
	return askers;
}

/*
 * Where the asking program writes to, and who called it by its output: that is
 * no log of the host, and repeats what was asked and found. The members of an
 * object.
 */
static json_t *own_paths(const struct walk *walk, const json_t *processes)
{
	CLEANUP(json) json_t *askers = find_askers(walk, processes);
	json_t *paths = json_object();
	const json_t *process, *file;
	size_t i, j;

	json_array_foreach(processes, i, process)
	{
		int64_t highest = own_fds(askers, json_get_int(process, "pid", 0));

		json_array_foreach(json_object_get(process, "files"), j,
				   file) if (json_get_int(file, "fd", INT64_MAX) <= highest)
			json_put(paths, json_get_text(file, "path", ""), json_true());
	}
	return paths;
}

static double started_s_ago(const struct host *host, const struct process *process)
{
	char text[64];
	const char *at = text;
	double uptime_s, started_s = (double)process->start_ticks / TICKS_PER_S;

	if (host_read(host, "proc/uptime", text, sizeof(text)) <= 0 ||
	    !scan_double(&at, &uptime_s) || uptime_s < started_s)
		return 0;
	return uptime_s - started_s;
}

static void note_writer(struct walk *walk, const char *path, int64_t pid)
{
	const struct host *host = walk->task->host;
	const json_t *known = json_object_get(walk->query->writers, path);
	struct process process;
	double age_s;

	if (!walk->query->writers || pid <= 0 || !process_read(host, (uint32_t)pid, &process))
		return;
	age_s = started_s_ago(host, &process);
	if (!known || json_get_number(known, "started_s_ago", 0) < age_s)
		json_put(walk->query->writers, path,
			 json_pack("{s:I, s:o, s:o}", "pid", (json_int_t)pid, "comm",
				   json_text(process.comm, strlen(process.comm)), "started_s_ago",
				   json_figure(age_s)));
}

static void add_open_file(struct walk *walk, int64_t pid, const json_t *file, const json_t *own)
{
	const char *path = json_get_text(file, "path", "");
	struct stat status;

	if (*path == '/' && strcmp(json_get_text(file, "type", ""), "file") == 0 &&
	    !json_get_bool(file, "deleted", false) && !json_object_get(own, path) &&
	    is_log_like(path, json_get_int(file, "fd", -1)) &&
	    status_of(walk, path, &status) == 0 && S_ISREG(status.st_mode)) {
		add_file(walk, path, &status);
		note_writer(walk, path, pid);
	}
}

static void add_open_files(struct walk *walk)
{
	CLEANUP(json) json_t *question = json_object();
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *own = NULL;
	const json_t *process, *file;
	struct error err = { 0 };
	size_t i, j;

	answer = broker_ask(walk->task, BROKER_OPEN_FILES, question, &err);
	if (!answer) {
		tool_unread(walk->result, "logs held open by processes", err.code);
		return;
	}
	own = own_paths(walk, json_object_get(answer, "processes"));
	json_array_foreach(json_object_get(answer, "processes"), i, process)
		json_array_foreach(json_object_get(process, "files"), j, file)
			add_open_file(walk, json_get_int(process, "pid", 0), file, own);
}

static int compare_found(const void *left, const void *right)
{
	const struct found *l = left, *r = right;

	if (l->modified_s_ago != r->modified_s_ago)
		return l->modified_s_ago < r->modified_s_ago ? -1 : 1;
	return strcmp(l->path, r->path);
}

json_t *log_paths_recent(struct task *task, const struct log_paths_query *query, json_t *result)
{
	struct walk walk = {
		.task = task,
		.clock = host_log_clock(task->host),
		.query = query,
		.result = result,
		.found = calloc(MAX_FOUND, sizeof(struct found)),
	};
	json_t *paths = json_array();

	if (!walk.found || !paths)
		abort();
	walk_directory(&walk, "/var/log", 1);
	add_open_files(&walk);
	qsort(walk.found, walk.n_found, sizeof(*walk.found), compare_found);
	for (size_t i = 0; i < walk.n_found && i < query->max; i++)
		json_push(paths, json_text(walk.found[i].path, strlen(walk.found[i].path)));
	if (walk.truncated || walk.n_found > query->max)
		json_put(result, "truncated", json_true());
	free(walk.found);
	return paths;
}
