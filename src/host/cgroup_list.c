#include "host/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void add_path(struct cgroup_list *list, const char *parent, const char *name)
{
	char *path;

	if ((list->n & (list->n - 1)) == 0) {
		list->paths =
			reallocarray(list->paths, list->n ? list->n * 2 : 1, sizeof(*list->paths));
		if (!list->paths)
			abort();
	}
	if (asprintf(&path, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name) < 0)
		abort();
	list->paths[list->n++] = path;
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;

	if (strcmp(path, "/") == 0)
		return 0;
	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* Our own jobs run in cgroups below "constable/launcher-…": their walls are not the host's. */
static bool is_ours(const char *path, const char *own)
{
	return strcmp(path, own) == 0 || strstr(path, "/constable/launcher-") != NULL;
}

static void add_children(const struct host *host, const struct cgroup_tree *tree,
			 struct cgroup_list *list, const char *parent, const char *own)
{
	char full[1024];
	const struct dirent *entry;
	DIR *dir;
	int fd;

	(void)snprintf(full, sizeof(full), "%s%s", tree->mount, parent);
	fd = host_open(host, full, O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (list->n == CGROUP_LIST_MAX || strlen(parent) > CGROUP_PATH_BYTES) {
			list->truncated = true;
			break;
		}
		add_path(list, parent, entry->d_name);
		if (is_ours(list->paths[list->n - 1], own))
			free(list->paths[--list->n]);
	}
	(void)closedir(dir);
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void cgroup_list_read(const struct host *host, const struct cgroups *cgroups,
		      enum cgroup_controller controller, struct cgroup_list *list_out)
{
	const struct cgroup_tree *tree = &cgroups->trees[controller];
	struct cgroup_list list = { 0 };
	char own[CGROUP_PATH_BYTES] = "";

	*list_out = list;
	if (!tree->version)
		return;
	if (!host->is_fixture)
		(void)cgroup_path_of(host, cgroups, controller, "self", own);
	add_path(&list, "/", "");
	for (size_t i = 0; i < list.n; i++) {
		if (depth_of(list.paths[i]) < CGROUP_DEPTH_MAX)
			add_children(host, tree, &list, list.paths[i], own);
		else
			list.truncated = true;
	}
	/* Breadth first finds the shallow ones before the ceiling; the order is the host's. */
	qsort(list.paths, list.n, sizeof(*list.paths), compare_paths);
	*list_out = list;
}

void cgroup_list_finish(struct cgroup_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct cgroup_list) { 0 };
}

void cgroup_list_cleanup(struct cgroup_list *list)
{
	cgroup_list_finish(list);
}
