#include "host/root_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

#define N_NAMES 7

/* A folder with files, links that point inside and out, and a loop. */
struct scene {
	char path[64];
	int fd;
};

static void scene_make(struct scene *scene)
{
	text_format(scene->path, sizeof(scene->path), "/tmp/root-test.XXXXXX");
	CHECK(mkdtemp(scene->path));
	scene->fd = open(scene->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(scene->fd >= 0);
	CHECK_INT(mkdirat(scene->fd, "etc", 0755), 0);
	(void)close(openat(scene->fd, "etc/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	CHECK_INT(symlinkat("/etc/file", scene->fd, "absolute"), 0);
	CHECK_INT(symlinkat("../../../etc/file", scene->fd, "etc/upwards"), 0);
	CHECK_INT(symlinkat("loop", scene->fd, "loop"), 0);
	CHECK_INT(symlinkat("/etc", scene->fd, "folder"), 0);
	CHECK_INT(symlinkat("/etc/passwd", scene->fd, "outside"), 0);
}

static void scene_cleanup(struct scene *scene)
{
	static const char *const names[N_NAMES] = {
		"etc/file", "absolute", "etc/upwards", "loop", "folder", "outside", "etc",
	};

	for (size_t i = 0; i < N_NAMES; i++)
		(void)unlinkat(scene->fd, names[i], i == N_NAMES - 1 ? AT_REMOVEDIR : 0);
	(void)rmdir(scene->path);
	fd_close(&scene->fd);
}

/* The inode that a path leads to, or a negative errno. */
static int64_t where(int fd)
{
	struct stat info;

	if (fd < 0)
		return fd;
	CHECK_INT(fstat(fd, &info), 0);
	(void)close(fd);
	return (int64_t)info.st_ino;
}

static int64_t by_steps(const struct scene *scene, const char *path, int flags)
{
	return where(root_open_by_steps(scene->fd, path, flags | O_CLOEXEC));
}

TEST(links_stay_inside_the_root)
{
	CLEANUP(scene) struct scene scene = { .fd = -1 };
	int64_t file;

	scene_make(&scene);
	file = by_steps(&scene, "etc/file", O_RDONLY);
	CHECK(file > 0);
	CHECK_INT(by_steps(&scene, "absolute", O_RDONLY), file);
	CHECK_INT(by_steps(&scene, "etc/upwards", O_RDONLY), file);
	CHECK_INT(by_steps(&scene, "folder/file", O_RDONLY), file);
	CHECK_INT(by_steps(&scene, "/../..//etc/./file", O_RDONLY), file);
	CHECK_INT(by_steps(&scene, "outside", O_RDONLY), -ENOENT);
	CHECK_INT(by_steps(&scene, "loop", O_RDONLY), -ELOOP);
}

TEST(a_last_link_may_be_opened_itself)
{
	CLEANUP(scene) struct scene scene = { .fd = -1 };

	scene_make(&scene);
	CHECK(by_steps(&scene, "absolute", O_PATH | O_NOFOLLOW) !=
	      by_steps(&scene, "etc/file", O_PATH));
	CHECK_INT(by_steps(&scene, "folder/file", O_PATH | O_NOFOLLOW),
		  by_steps(&scene, "etc/file", O_PATH));
}

TEST(steps_lead_where_the_kernel_leads)
{
	static const char *const paths[] = {
		"etc", "absolute", "etc/upwards", "loop", "folder", "outside", ".", "etc/none/x",
	};
	CLEANUP(scene) struct scene scene = { .fd = -1 };

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		CHECK_INT(by_steps(&scene, paths[i], O_PATH),
			  where(root_open(scene.fd, paths[i], O_PATH | O_CLOEXEC)));
}
