#include "tools/disk/usage_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

#define BLOCK_BYTES 65536

/* A folder of our own, gone at the end. */
struct scene {
	char path[64];
	struct host host;
};

static void remove_tree(int parent_fd, const char *name);

static void remove_below(int fd)
{
	static const char *const names[] = { "a",    "b",     "big",    "deep", "first",
					     "loop", "other", "second", "sub" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		remove_tree(fd, names[i]);
}

static void remove_tree(int parent_fd, const char *name)
{
	CLEANUP(fd)
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		remove_below(fd);
	(void)unlinkat(parent_fd, name, fd >= 0 ? AT_REMOVEDIR : 0);
}

static void scene_cleanup(struct scene *scene)
{
	remove_tree(AT_FDCWD, scene->path);
	host_finish(&scene->host);
}

static void open_scene(struct scene *scene)
{
	struct error err = { 0 };

	(void)snprintf(scene->path, sizeof(scene->path), "/tmp/usage-walk-test.XXXXXX");
	CHECK(mkdtemp(scene->path));
	CHECK_OK(host_init(&scene->host, "/", &err), err);
}

static void in(const struct scene *scene, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", scene->path, name);
}

static void make_folder(const struct scene *scene, const char *name)
{
	char path[128];

	in(scene, name, path);
	CHECK_INT(mkdir(path, 0700), 0);
}

static void make_file(const struct scene *scene, const char *name)
{
	static const char block[BLOCK_BYTES] = { 1 };
	char path[128];
	CLEANUP(fd) int fd = -1;

	in(scene, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, block, sizeof(block)), 0);
	CHECK_INT(fsync(fd), 0); /* so that its blocks are counted */
}

static void walk(const struct scene *scene, unsigned depth, uint64_t deadline_ns,
		 struct usage *usage_out)
{
	struct usage_limits limits = { .depth = depth, .deadline_ns = deadline_ns };

	CHECK_INT(usage_walk(&scene->host, scene->path, &limits, usage_out), 0);
}

static const struct usage_node *find(const struct usage *usage, const struct scene *scene,
				     const char *name)
{
	char path[128];

	in(scene, name, path);
	for (size_t i = 0; i < usage->n_nodes; i++)
		if (strcmp(usage->nodes[i].path, path) == 0)
			return &usage->nodes[i];
	return NULL;
}

TEST(a_folder_contains_what_its_folders_contain)
{
	CLEANUP(scene) struct scene scene = { .host.root_fd = -1 };
	CLEANUP(usage) struct usage usage = { 0 };

	open_scene(&scene);
	make_folder(&scene, "a");
	make_folder(&scene, "a/sub");
	make_folder(&scene, "a/sub/deep");
	make_file(&scene, "a/sub/deep/big");
	walk(&scene, 2, UINT64_MAX, &usage);
	CHECK_INT(usage.nodes[0].n_inodes, 5);
	CHECK_INT(find(&usage, &scene, "a")->n_inodes, 4);
	CHECK_INT(find(&usage, &scene, "a/sub")->n_inodes, 3);
	CHECK(find(&usage, &scene, "a/sub")->n_bytes >= BLOCK_BYTES);
	CHECK(!find(&usage, &scene, "a/sub/deep"));
	CHECK_INT(usage.n_largest, 1);
	CHECK(!usage.truncated);
}

TEST(a_file_with_two_names_is_counted_once)
{
	CLEANUP(scene) struct scene scene = { .host.root_fd = -1 };
	CLEANUP(usage) struct usage usage = { 0 };
	char first[128], second[128];

	open_scene(&scene);
	make_file(&scene, "first");
	in(&scene, "first", first);
	in(&scene, "second", second);
	CHECK_INT(link(first, second), 0);
	walk(&scene, 2, UINT64_MAX, &usage);
	CHECK_INT(usage.nodes[0].n_inodes, 2);
	CHECK(usage.nodes[0].n_bytes < 2 * BLOCK_BYTES);
}

TEST(a_link_is_not_followed)
{
	CLEANUP(scene) struct scene scene = { .host.root_fd = -1 };
	CLEANUP(usage) struct usage usage = { 0 };
	char loop[128];

	open_scene(&scene);
	in(&scene, "loop", loop);
	CHECK_INT(symlink(scene.path, loop), 0);
	walk(&scene, 2, UINT64_MAX, &usage);
	CHECK_INT(usage.nodes[0].n_inodes, 2);
	CHECK(!usage.truncated);
}

TEST(a_deadline_ends_the_walk_and_is_said)
{
	CLEANUP(scene) struct scene scene = { .host.root_fd = -1 };
	CLEANUP(usage) struct usage usage = { 0 };
	struct usage_limits limits = { .depth = 2, .deadline_ns = 0 };

	open_scene(&scene);
	CHECK_INT(usage_walk(&scene.host, "/usr", &limits, &usage), 0);
	CHECK(usage.truncated);
	CHECK(usage.nodes[0].n_inodes < 1000);
}

TEST(what_is_no_folder_is_refused)
{
	CLEANUP(scene) struct scene scene = { .host.root_fd = -1 };
	struct usage_limits limits = { .depth = 2, .deadline_ns = UINT64_MAX };
	struct usage usage;
	char path[128];

	open_scene(&scene);
	make_file(&scene, "first");
	in(&scene, "first", path);
	CHECK_INT(usage_walk(&scene.host, path, &limits, &usage), -ENOTDIR);
	in(&scene, "none", path);
	CHECK_INT(usage_walk(&scene.host, path, &limits, &usage), -ENOENT);
}
