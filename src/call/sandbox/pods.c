#include "call/sandbox/pods_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define PODS "/var/log/pods"
#define DOCKER "/var/lib/docker/containers"
#define MAX_ENTRIES 4096 /* a node runs some hundred pods */
#define MAX_KEPT 512

#define EMPTY_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Copies of the folders that stay, taken before they are covered. */
struct kept {
	int fds[MAX_KEPT];
	char names[MAX_KEPT][NAME_MAX + 1];
	size_t n;
};

static bool is_named(const char *const *namespaces, const char *folder)
{
	for (; *namespaces; namespaces++) {
		size_t len = strlen(*namespaces);

		if (strncmp(folder, *namespaces, len) == 0 && folder[len] == '_')
			return true;
	}
	return false;
}

static void keep(struct kept *kept, int pods, const char *name)
{
	int fd;

	if (kept->n == MAX_KEPT)
		return;
	fd = open_tree(pods, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0)
		return; /* gone meanwhile */
	kept->fds[kept->n] = fd;
	text_format(kept->names[kept->n++], NAME_MAX + 1, "%s", name);
}

static void keep_named(struct kept *kept, const char *const *namespaces)
{
	DIR *pods = opendir(PODS);
	struct dirent *entry;

	for (int n = 0; pods && n < MAX_ENTRIES; n++) {
		entry = readdir(pods);
		if (!entry)
			break;
		if (entry->d_type == DT_DIR && is_named(namespaces, entry->d_name))
			keep(kept, dirfd(pods), entry->d_name);
	}
	if (pods)
		closedir(pods);
}

static int put_back(struct kept *kept, size_t i)
{
	char path[sizeof(PODS) + NAME_MAX + 2];

	text_format(path, sizeof(path), PODS "/%s", kept->names[i]);
	if (mkdir(path, 0755) < 0 ||
	    move_mount(kept->fds[i], "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int cover(const char *path)
{
	const char *options = "size=1m,nr_inodes=1k,mode=755";

	if (mount("none", path, "tmpfs", EMPTY_FLAGS, options) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

static int close_tree(void)
{
	if (mount(NULL, PODS, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | EMPTY_FLAGS, NULL) == 0 ||
	    errno == ENOENT)
		return 0;
	return -errno;
}

int pods_cover(const char *const *namespaces)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	int r;

	if (!kept)
		return -ENOMEM;
	keep_named(kept, namespaces);
	r = cover(PODS);
	for (size_t i = 0; i < kept->n && r == 0; i++)
		r = put_back(kept, i);
	for (size_t i = 0; i < kept->n; i++)
		fd_close(&kept->fds[i]);
	free(kept);
	if (r == 0)
		r = close_tree();
	return r == 0 ? cover(DOCKER) : r;
}
