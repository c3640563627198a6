#include "call/sandbox/cgroup_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"
#include "call/sandbox/cgroup_files_internal.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/mounts_internal.h"

#define OURS "constable"
#define SWEEP_TRIES 200

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static int handle_mount(const struct mount_entry *entry, void *cookie)
{
	static const char *const controllers[CGROUP_N] = { NULL, "memory", "pids", "cpu" };
	struct cgroups *cgroups = cookie;

	for (unsigned kind = 0; kind < CGROUP_N; kind++) {
		bool fits = controllers[kind] ? strcmp(entry->type, "cgroup") == 0 &&
							has_word(entry->super, controllers[kind])
					      : strcmp(entry->type, "cgroup2") == 0;

		if (fits && cgroups->roots[kind] < 0)
			cgroups->roots[kind] =
				open(entry->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return 0;
}

/* --- what dead launchers left -------------------------------------------------------- */

static uint64_t start_time(uint64_t pid)
{
	char path[40], text[1024];
	const char *at;
	uint64_t value = 0;
	struct str word;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
	if (cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	at = strrchr(text, ')'); /* the name before it may contain anything */
	if (!at)
		return 0;
	at++;
	for (int field = 3; field < 22; field++)
		if (!scan_word(&at, &word))
			return 0;
	return scan_u64(&at, &value) ? value : 0;
}

/*
 * A living launcher holds a lock on its directory. Not told by the pid in its
 * name: a launcher of another pid namespace could not find that one.
 */
static bool is_dead(int directory, const char *name)
{
	return strncmp(name, "launcher-", strlen("launcher-")) == 0 && directory >= 0 &&
	       flock(directory, LOCK_EX | LOCK_NB) == 0;
}

static void remove_leaf(int parent, const char *name)
{
	CLEANUP(fd) int leaf = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct timespec pause = { .tv_nsec = NS_PER_MS };

	for (int i = 0; i < SWEEP_TRIES; i++) {
		cgroup_kill_all(leaf);
		if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

static void each_directory(int parent, void (*handle)(int parent, const char *name))
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			handle(parent, entry->d_name);
	if (entries)
		closedir(entries);
	else
		fd_cleanup(&fd);
}

static void sweep_launcher(int parent, const char *name)
{
	CLEANUP(fd) int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!is_dead(fd, name))
		return;
	each_directory(fd, remove_leaf);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* --- ours ------------------------------------------------------------------------------ */

/* In version 2 a controller reaches a leaf only if every ancestor hands it down. */
static void hand_down(int directory)
{
	static const char *const controllers[] = { "+memory", "+pids", "+cpu" };

	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		(void)cgroup_file_write(directory, "cgroup.subtree_control", controllers[i]);
}

static int make_directory(int parent, const char *name)
{
	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void open_base(struct cgroups *cgroups, enum cgroup_kind kind)
{
	CLEANUP(fd) int ours = make_directory(cgroups->tops[kind], OURS);

	/* Held over the sweep, so that no other launcher takes ours for a dead one's
	 * between its making and its locking; released with the descriptor. */
	if (ours < 0 || flock(ours, LOCK_EX) < 0)
		return;
	each_directory(ours, sweep_launcher);
	cgroups->bases[kind] = make_directory(ours, cgroups->name);
	if (cgroups->bases[kind] >= 0)
		(void)flock(cgroups->bases[kind], LOCK_EX | LOCK_NB);
	if (kind != CGROUP_UNIFIED)
		return;
	hand_down(cgroups->tops[kind]);
	hand_down(ours);
	hand_down(cgroups->bases[kind]);
}

static int open_top(const struct cgroups *cgroups, enum cgroup_kind kind, enum launcher_group group)
{
	if (group == LAUNCHER_OWN_GROUP)
		return cgroup_open_own(cgroups->roots[kind], kind);
	return fcntl(cgroups->roots[kind], F_DUPFD_CLOEXEC, 0);
}

void cgroups_open(struct cgroups *cgroups, uint32_t features_off, enum launcher_group group)
{
	*cgroups = (struct cgroups) { .features_off = features_off };
	for (unsigned kind = 0; kind < CGROUP_N; kind++)
		cgroups->roots[kind] = cgroups->tops[kind] = cgroups->bases[kind] = -1;
	if (features_off & FEATURE_CGROUPS)
		return;
	(void)snprintf(cgroups->name, sizeof(cgroups->name), "launcher-%d-%" PRIu64, getpid(),
		       start_time((uint64_t)getpid()));
	if (mounts_each(handle_mount, cgroups) < 0)
		return;
	for (unsigned kind = 0; kind < CGROUP_N; kind++) {
		if (cgroups->roots[kind] < 0)
			continue;
		cgroups->tops[kind] = open_top(cgroups, kind, group);
		open_base(cgroups, kind);
	}
}

void cgroups_close(struct cgroups *cgroups)
{
	for (unsigned kind = 0; kind < CGROUP_N; kind++) {
		CLEANUP(fd) int ours = -1;

		if (cgroups->bases[kind] >= 0) {
			ours = openat(cgroups->tops[kind], OURS,
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			(void)unlinkat(ours, cgroups->name, AT_REMOVEDIR);
			/* Fails, rightly, while another launcher has its own in it. */
			(void)unlinkat(cgroups->tops[kind], OURS, AT_REMOVEDIR);
		}
		fd_close(&cgroups->bases[kind]);
		fd_close(&cgroups->tops[kind]);
		fd_close(&cgroups->roots[kind]);
	}
}
