#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/sandbox/cgroup_files_internal.h"
#include "call/sandbox/cgroup_internal.h"

#define SUPERVISOR "supervisor"
#define TABLE_BYTES 8192

/* Of a line "4:memory:/system.slice/x.service" the path, if it is of that hierarchy. */
static const char *path_in(const char *line, enum cgroup_kind kind)
{
	static const char *const controllers[CGROUP_N] = { "", "memory", "pids", "cpu" };
	const char *list = strchr(line, ':');
	const char *path = list ? strchr(list + 1, ':') : NULL;
	size_t len = strlen(controllers[kind]);

	if (!path)
		return NULL;
	/* Version 2's list is empty, a named hierarchy's is "name=...". */
	for (const char *at = list + 1; at <= path; at += strcspn(at, ",:") + 1)
		if (strcspn(at, ",:") == len && strncmp(at, controllers[kind], len) == 0)
			return path + 1;
	return NULL;
}

/* "" where the process stands at the top, or nobody can say. */
static void find_path(enum cgroup_kind kind, char *path_out, size_t size)
{
	char table[TABLE_BYTES];
	char *rest = table, *line;

	*path_out = '\0';
	if (cgroup_file_read(AT_FDCWD, "/proc/self/cgroup", table, sizeof(table)) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		const char *path = path_in(line, kind);

		if (path && path[0] == '/' && !strstr(path, "/../"))
			(void)snprintf(path_out, size, "%s", path + 1);
	}
}

/* Version 2 hands nothing down from a group that holds processes itself. */
static void step_aside(int own)
{
	CLEANUP(fd) int supervisor = -1;

	if (mkdirat(own, SUPERVISOR, 0755) < 0 && errno != EEXIST)
		return;
	supervisor = openat(own, SUPERVISOR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (supervisor >= 0)
		cgroup_move_all(own, supervisor);
}

int cgroup_open_own(int root, enum cgroup_kind kind)
{
	char path[1024];
	int own;

	find_path(kind, path, sizeof(path));
	own = openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own >= 0 && kind == CGROUP_UNIFIED)
		step_aside(own);
	return own;
}
