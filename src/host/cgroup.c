#include "host/cgroup.h"

#include <errno.h>
#include <string.h>

#include "host/mounts.h"

#define TEXT_BYTES 4096

/* Version 1 writes the largest multiple of the page size where there is no limit. */
#define NO_LIMIT (UINT64_C(1) << 62)

static const char *const controller_names[CGROUP_N_CONTROLLERS] = {
	[CGROUP_CPU] = "cpu",         [CGROUP_MEMORY] = "memory", [CGROUP_PIDS] = "pids",
	[CGROUP_FREEZER] = "freezer", [CGROUP_IO] = "io",
};

static const char *name_in_v1(enum cgroup_controller controller)
{
	return controller == CGROUP_IO ? "blkio" : controller_names[controller];
}

const char *cgroup_mode_name(enum cgroup_mode mode)
{
	static const char *const names[] = { "none", "v1", "v2", "hybrid" };

	return names[mode];
}

static void set_tree(struct cgroup_tree *tree, unsigned version, const char *point, const char *top)
{
	tree->version = version;
	(void)snprintf(tree->mount, sizeof(tree->mount), "%s", point + (*point == '/'));
	(void)snprintf(tree->top, sizeof(tree->top), "%s", top);
}

static bool has_controller(const char *list, const char *name)
{
	struct str word;

	while (scan_word(&list, &word))
		if (str_is(word, name))
			return true;
	return false;
}

/* Version 1 trees are met first or last: a controller is in one tree at a time. */
static void add_v2(const struct host *host, struct cgroups *cgroups, const char *point,
		   const char *top)
{
	char path[512], text[TEXT_BYTES];

	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", point + (*point == '/'));
	if (host_read(host, path, text, sizeof(text)) < 0)
		return;
	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (!cgroups->trees[i].version && has_controller(text, controller_names[i]))
			set_tree(&cgroups->trees[i], 2, point, top);
	/* The scheduler's figures need no controller, and any cgroup can be frozen. */
	if (cgroups->mode == CGROUP_MODE_V2 && !cgroups->trees[CGROUP_CPU].version)
		set_tree(&cgroups->trees[CGROUP_CPU], 2, point, top);
	if (!cgroups->trees[CGROUP_FREEZER].version)
		set_tree(&cgroups->trees[CGROUP_FREEZER], 2, point, top);
}

static void add_v1(struct cgroups *cgroups, const struct mount *mount)
{
	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (!cgroups->trees[i].version &&
		    mount_has_option(mount->super_options, name_in_v1(i)))
			set_tree(&cgroups->trees[i], 1, mount->point, mount->root);
}

static void find_mounted(const struct host *host, const struct mounts *mounts,
			 struct cgroups *cgroups)
{
	const struct mount *v2 = NULL;
	bool has_v1 = false;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *mount = &mounts->list[i];

		if (strcmp(mount->type, "cgroup2") == 0 && !v2)
			v2 = mount;
		else if (strcmp(mount->type, "cgroup") == 0) {
			has_v1 = true;
			add_v1(cgroups, mount);
		}
	}
	if (has_v1)
		cgroups->mode = v2 ? CGROUP_MODE_HYBRID : CGROUP_MODE_V1;
	else if (v2)
		cgroups->mode = CGROUP_MODE_V2;
	if (v2)
		add_v2(host, cgroups, v2->point, v2->root);
}

/* Where there is no mount table to read, the usual places are tried. */
static void find_usual(const struct host *host, struct cgroups *cgroups)
{
	if (host_exists(host, "sys/fs/cgroup/cgroup.controllers")) {
		cgroups->mode = CGROUP_MODE_V2;
		add_v2(host, cgroups, "/sys/fs/cgroup", "/");
		return;
	}
	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s", name_in_v1(i));
		if (!host_exists(host, path))
			continue;
		cgroups->mode = CGROUP_MODE_V1;
		set_tree(&cgroups->trees[i], 1, path, "/");
	}
}

void cgroups_find(const struct host *host, struct cgroups *cgroups_out)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	struct cgroups cgroups = { 0 };

	if (mounts_read(host, &mounts) == 0)
		find_mounted(host, &mounts, &cgroups);
	if (cgroups.mode == CGROUP_MODE_NONE)
		find_usual(host, &cgroups);
	*cgroups_out = cgroups;
}

/* Whether "cpu,cpuacct" between two colons names the controller. */
static bool line_has(struct str line, const char *name)
{
	const char *at = memchr(line.data, ':', line.len);
	const char *end = line.data + line.len;
	size_t len = strlen(name);

	while (at && at < end && (*at == ':' || *at == ',')) {
		at++;
		if ((size_t)(end - at) > len && memcmp(at, name, len) == 0 &&
		    (at[len] == ',' || at[len] == ':'))
			return true;
		while (at < end && *at != ',' && *at != ':')
			at++;
		if (at < end && *at == ':')
			return false;
	}
	return false;
}

/* The third field; "" where the line has none. */
static struct str line_path(struct str line)
{
	const char *end = line.data + line.len;
	const char *at = memchr(line.data, ':', line.len);

	if (at)
		at = memchr(at + 1, ':', (size_t)(end - at - 1));
	return at ? (struct str) { at + 1, (size_t)(end - at - 1) } : (struct str) { "", 0 };
}

static bool find_line(const char *text, const char *controller, struct str *path_out)
{
	struct str line;

	while (scan_line(&text, &line)) {
		if (controller ? !line_has(line, controller) : !str_starts(line, "0::"))
			continue;
		*path_out = line_path(line);
		return path_out->len > 0;
	}
	return false;
}

bool cgroup_path_parse(const struct cgroups *cgroups, enum cgroup_controller controller,
		       const char *text, char path_out[CGROUP_PATH_BYTES])
{
	const struct cgroup_tree *tree = &cgroups->trees[controller];
	size_t top = strlen(tree->top);
	struct str path;

	if (!tree->version ||
	    !find_line(text, tree->version == 1 ? name_in_v1(controller) : NULL, &path))
		return false;
	/* A container sees its own mount but the kernel's path; above it is the top. */
	if (top > 1 && str_starts(path, tree->top))
		path = (struct str) { path.data + top, path.len - top };
	if (path.len == 0 || path.len >= CGROUP_PATH_BYTES || str_starts(path, "/.."))
		path = (struct str) { "/", 1 };
	str_copy(path, path_out, CGROUP_PATH_BYTES);
	return path_out[0] == '/';
}

bool cgroup_path_of(const struct host *host, const struct cgroups *cgroups,
		    enum cgroup_controller controller, const char *pid,
		    char path_out[CGROUP_PATH_BYTES])
{
	char path[64], text[TEXT_BYTES];

	(void)snprintf(path, sizeof(path), "proc/%s/cgroup", pid);
	return host_read(host, path, text, sizeof(text)) > 0 &&
	       cgroup_path_parse(cgroups, controller, text, path_out);
}

void cgroup_name_parse(const char *text, char path_out[CGROUP_PATH_BYTES])
{
	static const char *const order[] = { "memory", "name=systemd", NULL, "pids", "cpu" };
	struct str path;

	path_out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (!find_line(text, order[i], &path))
			continue;
		str_copy(path, path_out, CGROUP_PATH_BYTES);
		if (path.len > 1)
			return;
	}
}

ssize_t cgroup_read(const struct host *host, const struct cgroup_tree *tree, const char *path,
		    const char *file, char *text, size_t size)
{
	char full[1024];
	int len = snprintf(full, sizeof(full), "%s%s%s/%s", tree->mount, path[0] == '/' ? "" : "/",
			   strcmp(path, "/") == 0 ? "" : path, file);

	if (len < 0 || (size_t)len >= sizeof(full))
		return -ENAMETOOLONG;
	return host_read(host, full, text, size);
}

bool cgroup_read_u64(const struct host *host, const struct cgroup_tree *tree, const char *path,
		     const char *file, uint64_t *value_out)
{
	char text[64];
	const char *at = text;
	uint64_t value;

	if (cgroup_read(host, tree, path, file, text, sizeof(text)) < 0)
		return false;
	/* cpu.cfs_quota_us is -1 where there is no quota. */
	if (scan_text(&at, "max") || scan_text(&at, "-1")) {
		*value_out = UINT64_MAX;
		return true;
	}
	if (!scan_u64(&at, &value))
		return false;
	*value_out = value >= NO_LIMIT ? UINT64_MAX : value;
	return true;
}

bool cgroup_is_frozen(const struct host *host, const struct cgroups *cgroups, const char *pid)
{
	const struct cgroup_tree *tree = &cgroups->trees[CGROUP_FREEZER];
	const char *file = tree->version == 1 ? "freezer.state" : "cgroup.events";
	char path[CGROUP_PATH_BYTES], text[256];

	if (!cgroup_path_of(host, cgroups, CGROUP_FREEZER, pid, path) ||
	    cgroup_read(host, tree, path, file, text, sizeof(text)) < 0)
		return false;
	return strncmp(text, "FROZEN", 6) == 0 || strstr(text, "frozen 1");
}

bool cgroup_parent(char path[CGROUP_PATH_BYTES])
{
	char *slash = strrchr(path, '/');

	if (!slash || strcmp(path, "/") == 0)
		return false;
	slash[slash == path] = '\0';
	return true;
}
