#include "tools/disk/usage_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tools/disk/usage_links.h"

/* Each level holds a descriptor; a job has few. */
#define LEVELS_MAX 100
#define PATH_MAX_BYTES (32 * KIB)
#define CLOCK_EVERY 256 /* entries */

struct walk {
	struct usage *usage;
	const struct usage_limits *limits;
	uint64_t mount_id, device;
	bool has_mount_id;
	struct buf path;
	unsigned n_since_clock;
	bool is_over;
};

static size_t add_node(struct walk *walk, size_t parent)
{
	struct usage *usage = walk->usage;
	struct usage_node *node;

	if ((usage->n_nodes & (usage->n_nodes - 1)) == 0) {
		usage->nodes = reallocarray(usage->nodes, usage->n_nodes ? usage->n_nodes * 2 : 1,
					    sizeof(*usage->nodes));
		if (!usage->nodes)
			abort();
	}
	node = &usage->nodes[usage->n_nodes];
	*node = (struct usage_node) { .parent = parent, .path = strdup(buf_text(&walk->path)) };
	if (!node->path)
		abort();
	return usage->n_nodes++;
}

static void note_file(struct walk *walk, uint64_t n_bytes)
{
	struct usage *usage = walk->usage;
	size_t i;

	if (usage->n_largest == USAGE_LARGEST_MAX) {
		if (n_bytes <= usage->largest[USAGE_LARGEST_MAX - 1].n_bytes)
			return;
		free(usage->largest[--usage->n_largest].path);
	}
	for (i = usage->n_largest++; i > 0 && usage->largest[i - 1].n_bytes < n_bytes; i--)
		usage->largest[i] = usage->largest[i - 1];
	usage->largest[i] = (struct usage_file) { strdup(buf_text(&walk->path)), n_bytes };
	if (!usage->largest[i].path)
		abort();
}

static int stat_at(int dir_fd, const char *name, struct statx *stat_out)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;

	if (!*name)
		flags |= AT_EMPTY_PATH;
	return statx(dir_fd, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, stat_out);
}

static uint64_t device_of(const struct statx *stat)
{
	return (uint64_t)stat->stx_dev_major << 32 | stat->stx_dev_minor;
}

/* Another mount is another question, even of the same file system (a bind mount). */
static bool is_elsewhere(const struct walk *walk, const struct statx *stat)
{
	if (walk->has_mount_id && (stat->stx_mask & STATX_MNT_ID))
		return stat->stx_mnt_id != walk->mount_id;
	return device_of(stat) != walk->device;
}

static void count(struct walk *walk, size_t node, const struct statx *stat)
{
	uint64_t n_bytes = stat->stx_blocks * 512;

	if (!S_ISDIR(stat->stx_mode) && stat->stx_nlink > 1) {
		enum usage_link link = usage_links_add(walk->usage->links, stat->stx_ino);

		walk->usage->truncated |= link == USAGE_LINK_UNKNOWN;
		if (link == USAGE_LINK_SEEN)
			return;
	}
	walk->usage->nodes[node].n_bytes += n_bytes;
	walk->usage->nodes[node].n_inodes++;
	if (S_ISREG(stat->stx_mode))
		note_file(walk, n_bytes);
}

static void check_clock(struct walk *walk)
{
	if (++walk->n_since_clock < CLOCK_EVERY)
		return;
	walk->n_since_clock = 0;
	if (clock_monotonic_ns() >= walk->limits->deadline_ns) {
		walk->is_over = true;
		walk->usage->truncated = true;
	}
}

static void note_unreadable(struct walk *walk, int code)
{
	if (code == -ENOENT)
		return;
	walk->usage->n_unreadable++;
	walk->usage->unreadable_code = code;
}

static void walk_folder(struct walk *walk, int fd, unsigned level, size_t node);

static void enter(struct walk *walk, int dir_fd, const char *name, unsigned level, size_t node)
{
	int fd;

	if (level >= LEVELS_MAX) {
		walk->usage->truncated = true;
		return;
	}
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		note_unreadable(walk, -errno);
	else
		walk_folder(walk, fd, level, node);
}

static void visit(struct walk *walk, int dir_fd, const char *name, unsigned level, size_t node)
{
	struct statx stat;

	if (stat_at(dir_fd, name, &stat) < 0)
		return;
	if (!S_ISDIR(stat.stx_mode)) {
		count(walk, node, &stat);
		return;
	}
	if (is_elsewhere(walk, &stat))
		return;
	if (level <= walk->limits->depth) {
		if (walk->usage->n_nodes < USAGE_NODES_MAX)
			node = add_node(walk, node);
		else
			walk->usage->truncated = true;
	}
	count(walk, node, &stat);
	enter(walk, dir_fd, name, level, node);
}

/* Takes 'fd'. 'level' is that of the folder; the path itself is 0. */
static void walk_folder(struct walk *walk, int fd, unsigned level, size_t node)
{
	size_t len = walk->path.len;
	const struct dirent *entry;
	DIR *dir = fdopendir(fd);

	if (!dir)
		abort();
	while (!walk->is_over && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (walk->path.data[len - 1] != '/')
			buf_add_text(&walk->path, "/");
		buf_add_text(&walk->path, entry->d_name);
		visit(walk, dirfd(dir), entry->d_name, level + 1, node);
		walk->path.len = len;
		walk->path.data[len] = '\0';
		check_clock(walk);
	}
	(void)closedir(dir);
}

/* Nodes were filled apart; a folder contains its folders. Children come after parents. */
static void add_up(struct usage *usage)
{
	for (size_t i = usage->n_nodes; i-- > 1;) {
		struct usage_node *parent = &usage->nodes[usage->nodes[i].parent];

		parent->n_bytes += usage->nodes[i].n_bytes;
		parent->n_inodes += usage->nodes[i].n_inodes;
	}
}

int usage_walk(const struct host *host, const char *path, const struct usage_limits *limits,
	       struct usage *usage_out)
{
	int fd = host_open(host, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY);
	struct usage usage = { 0 };
	struct walk walk = { .usage = &usage, .limits = limits };
	struct statx stat;

	if (fd < 0)
		return fd;
	if (stat_at(fd, "", &stat) < 0) {
		fd_close(&fd);
		return -errno;
	}
	walk.has_mount_id = stat.stx_mask & STATX_MNT_ID;
	walk.mount_id = stat.stx_mnt_id;
	walk.device = device_of(&stat);
	usage.links = usage_links_new();
	buf_init(&walk.path, PATH_MAX_BYTES);
	buf_add_text(&walk.path, path);
	(void)add_node(&walk, 0);
	count(&walk, 0, &stat);
	walk_folder(&walk, fd, 0, 0);
	buf_finish(&walk.path);
	add_up(&usage);
	*usage_out = usage;
	return 0;
}

void usage_cleanup(struct usage *usage)
{
	for (size_t i = 0; i < usage->n_nodes; i++)
		free(usage->nodes[i].path);
	for (size_t i = 0; i < usage->n_largest; i++)
		free(usage->largest[i].path);
	free(usage->nodes);
	usage_links_free(usage->links);
	*usage = (struct usage) { 0 };
}
