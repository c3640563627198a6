/* The store on a disk that is really full, and on one that can only be read: a tmpfs of the
 * test's own, where TMPDIR points meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "server/store/scene.h"

#define NO_NAMESPACE 3
#define MAX_EVENTS 200

static void place(char path[128], const char *name)
{
	text_format(path, 128, "%s/%s", getenv("TMPDIR"), name);
}

static struct answer add_event(struct scene *scene, int64_t seq)
{
	static char text[32 * 1024];

	memset(text, 'x', sizeof(text) - 1);
	const struct store_value params[] = { store_text(scene->org), store_int(seq), store_int(0),
					      store_text("disk"), store_text(text) };
	const struct store_step step = scene_event(params);

	return scene_query(scene, scene->org, &step);
}

static void reserve(const char *path, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(posix_fallocate(fd, 0, size), 0);
	(void)close(fd);
}

static int play_full(void)
{
	struct answer answer = { 0 };
	struct scene scene;
	int64_t n = 0;
	char path[128];

	scene_open(&scene);
	place(path, "reserve");
	reserve(path, 512 * KIB);
	while (answer.code == 0 && n < MAX_EVENTS)
		answer = add_event(&scene, n++);
	CHECK_INT(answer.code, -ENOSPC);
	CHECK(strstr(answer.text, "full"));
	/* Not a row more, not a row less; and the store still answers. */
	CHECK_INT(scene_count(&scene, "disk"), n - 1);
	CHECK_INT(add_event(&scene, MAX_EVENTS).code, -ENOSPC);
	CHECK_INT(scene.state, STORE_READY);
	CHECK_INT(unlink(path), 0);
	CHECK_TEXT(add_event(&scene, MAX_EVENTS).text, "");
	CHECK_INT(scene_count(&scene, "disk"), n);
	scene_close(&scene);
	return 0;
}

static int play_read_only(void)
{
	struct scene scene;

	scene_open(&scene);
	scene_stop(&scene);
	CHECK_INT(mount(NULL, getenv("TMPDIR"), NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	scene_start(&scene);
	CHECK_INT(scene.state, STORE_FAILED);
	CHECK_INT(scene.why.code, -EROFS);
	CHECK(strstr(scene.why.text, "can only be read"));
	scene_close(&scene);
	return 0;
}

/* In a child, so that the mount is nobody else's and ends with it. */
static void play_inside(const char *folder, int (*part)(void))
{
	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=3m,mode=0700") < 0 ||
	    setenv("TMPDIR", folder, 1) < 0)
		_exit(NO_NAMESPACE);
	_exit(part());
}

static void play(int (*part)(void))
{
	char folder[] = "/tmp/constable-disk.XXXXXX";
	int status;
	pid_t pid;

	scene_require_walls();
	CHECK(mkdtemp(folder));
	pid = fork();
	if (pid == 0)
		play_inside(folder, part);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(rmdir(folder), 0);
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NAMESPACE)
		SKIP("no mount namespace for a small tmpfs");
	CHECK_INT(WEXITSTATUS(status), 0);
}

TEST(a_full_disk_undoes_what_does_not_fit)
{
	play(play_full);
}

TEST(a_disk_that_can_only_be_read_is_refused)
{
	play(play_read_only);
}
