#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

/* A fixture of the test's own. */
struct scene {
	char path[64];
	int fd;
	struct host host;
};

static int remove_one(const char *path, const struct stat *info UNUSED, int type UNUSED,
		      struct FTW *place UNUSED)
{
	return remove(path);
}

static void scene_cleanup(struct scene *scene)
{
	host_finish(&scene->host);
	fd_close(&scene->fd);
	(void)nftw(scene->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const struct scene *scene, const char *path, const char *text)
{
	int fd = openat(scene->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void scene_make(struct scene *scene)
{
	static const char *const folders[] = { "old", "later", "later/old", "later/new" };
	struct error err = { 0 };

	text_format(scene->path, sizeof(scene->path), "/tmp/host-test.XXXXXX");
	CHECK(mkdtemp(scene->path));
	scene->fd = open(scene->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		CHECK_INT(mkdirat(scene->fd, folders[i], 0755), 0);
	put(scene, "old/changes", "1\n");
	put(scene, "old/stays", "2\n");
	put(scene, "later/old/changes", "3\n");
	put(scene, "later/new/appears", "4\n");
	CHECK_OK(host_init(&scene->host, scene->path, &err), err);
}

/* The number in a file of a folder; -1 without it, -2 without the folder. */
static int64_t number(const struct host *host, const char *path, const char *file)
{
	CLEANUP(host) struct host folder = HOST_CLOSED;
	uint64_t value;

	if (host_enter(host, path, &folder) < 0)
		return -2;
	return host_read_u64(&folder, file, &value) ? (int64_t)value : -1;
}

TEST(a_folder_of_this_machine_is_entered)
{
	CLEANUP(host) struct host host = HOST_CLOSED;
	CLEANUP(host) struct host folder = HOST_CLOSED;
	struct error err = { 0 };
	char text[16];

	CHECK_OK(host_init(&host, "/", &err), err);
	CHECK_INT(host_enter(&host, "proc/sys/kernel", &folder), 0);
	CHECK(host_read(&folder, "ostype", text, sizeof(text)) > 0);
	CHECK_TEXT(text, "Linux\n");
	CHECK(!host_exists(&folder, "none"));
	CHECK_INT(number(&host, "sys/none", "none"), -2);
}

TEST(a_folder_of_a_fixture_changes_as_the_fixture_does)
{
	CLEANUP(scene) struct scene scene = { .fd = -1, .host = HOST_CLOSED };

	scene_make(&scene);
	CHECK_INT(number(&scene.host, "old", "changes"), 1);
	CHECK_INT(number(&scene.host, "old", "appears"), -1);
	CHECK_INT(number(&scene.host, "new", "appears"), -2);
	(void)host_wait(&scene.host, 1);
	CHECK_INT(number(&scene.host, "old", "changes"), 3);
	CHECK_INT(number(&scene.host, "old", "stays"), 2);
	CHECK_INT(number(&scene.host, "new", "appears"), 4);
	CHECK_INT(number(&scene.host, "none", "appears"), -2);
}
