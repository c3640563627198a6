#include "call/sandbox/handed_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/test.h"
#include "call/sandbox/launcher_programs.h"

/* The launcher's side, and the socket of a steward that may be started anew. */
struct scene {
	struct handed handed;
	int launcher, steward;
};

static void begin(struct scene *scene)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	scene->launcher = ends[0];
	scene->steward = ends[1];
}

static void scene_cleanup(struct scene *scene)
{
	handed_drop_all(&scene->handed);
	fd_close(&scene->launcher);
	fd_close(&scene->steward);
}

/* It ends, and another takes its place. */
static void restart(struct scene *scene)
{
	fd_close(&scene->steward);
	handed_hear_rest(&scene->handed, scene->launcher);
	fd_close(&scene->launcher);
	handed_note_end(&scene->handed);
	begin(scene);
	handed_pass(&scene->handed, scene->launcher);
}

/* The job's own end: it reads nothing and no error while the other one is kept. */
static int add(struct scene *scene, bool may_change)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	CHECK(handed_add(&scene->handed, &ends[1], may_change));
	CHECK_INT(ends[1], -1);
	return ends[0];
}

static bool is_let_go(int job)
{
	char byte;

	return recv(job, &byte, 1, MSG_DONTWAIT) == 0;
}

/* The next that is passed is that job's end. */
static void check_passed(const struct scene *scene, int job, bool may_change)
{
	CLEANUP(fd) int fd = -1;
	int64_t value;
	char byte = 0;

	CHECK_INT(fd_pass_receive(scene->steward, 0, &value, &fd), 0);
	CHECK_INT(value, may_change);
	CHECK_INT(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	CHECK_INT(recv(job, &byte, 1, MSG_DONTWAIT), 1);
	CHECK_INT(byte, 'x');
}

static bool is_all_passed(const struct scene *scene)
{
	char byte;

	return recv(scene->steward, &byte, 1, MSG_DONTWAIT) < 0;
}

TEST(each_is_passed_once_and_taken_in_order)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int first = -1, second = -1;

	begin(&scene);
	CHECK(!handed_note_taken(&scene.handed));
	first = add(&scene, true);
	CHECK(!handed_note_taken(&scene.handed));
	handed_pass(&scene.handed, scene.launcher);
	second = add(&scene, false);
	handed_pass(&scene.handed, scene.launcher);
	check_passed(&scene, first, true);
	check_passed(&scene, second, false);
	CHECK(is_all_passed(&scene));
	CHECK(handed_note_taken(&scene.handed));
	CHECK(is_let_go(first) && !is_let_go(second));
	CHECK(handed_note_taken(&scene.handed));
	CHECK(is_let_go(second));
	CHECK(!handed_note_taken(&scene.handed));
}

TEST(who_is_left_goes_to_the_next_but_not_to_a_third)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int old = -1, new = -1;

	begin(&scene);
	old = add(&scene, true);
	handed_pass(&scene.handed, scene.launcher);
	restart(&scene);
	new = add(&scene, false);
	handed_pass(&scene.handed, scene.launcher);
	check_passed(&scene, old, true);
	check_passed(&scene, new, false);
	restart(&scene);
	CHECK(is_let_go(old));
	check_passed(&scene, new, false);
	CHECK(is_all_passed(&scene));
	restart(&scene);
	CHECK(is_let_go(new));
	CHECK_INT(scene.handed.n, 0);
}

TEST(who_was_never_passed_was_not_left)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int job = -1;

	begin(&scene);
	job = add(&scene, true);
	restart(&scene);
	restart(&scene);
	check_passed(&scene, job, true);
	restart(&scene);
	CHECK(is_let_go(job));
}

TEST(what_a_steward_said_last_counts_though_it_has_ended)
{
	static const char said[] = { LAUNCHER_TAKEN, LAUNCHER_PROBER_DONE, LAUNCHER_TAKEN };
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int first = -1, second = -1, third = -1;

	begin(&scene);
	first = add(&scene, true);
	second = add(&scene, true);
	third = add(&scene, false);
	handed_pass(&scene.handed, scene.launcher);
	CHECK_INT(send(scene.steward, said, sizeof(said), MSG_NOSIGNAL), sizeof(said));
	restart(&scene);
	CHECK(is_let_go(first) && is_let_go(second));
	check_passed(&scene, third, false);
	CHECK(is_all_passed(&scene));
}

TEST(a_steward_that_takes_more_than_there_is_takes_nobody_else)
{
	char said[HANDED_MAX];
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int job = -1, late = -1;

	begin(&scene);
	job = add(&scene, true);
	handed_pass(&scene.handed, scene.launcher);
	late = add(&scene, true);
	memset(said, LAUNCHER_TAKEN, sizeof(said));
	CHECK_INT(send(scene.steward, said, sizeof(said), MSG_NOSIGNAL), sizeof(said));
	restart(&scene);
	CHECK(is_let_go(job));
	check_passed(&scene, late, true);
}

TEST(where_no_place_is_free_the_descriptor_stays_the_callers)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int fd = -1;

	begin(&scene);
	for (int i = 0; i < HANDED_MAX; i++)
		CHECK_INT(close(add(&scene, true)), 0);
	fd = fcntl(scene.launcher, F_DUPFD_CLOEXEC, 0);
	CHECK(!handed_add(&scene.handed, &fd, true));
	CHECK(fd >= 0);
	handed_pass(&scene.handed, scene.launcher);
	CHECK(handed_note_taken(&scene.handed));
	CHECK(handed_add(&scene.handed, &fd, true));
	CHECK_INT(fd, -1);
}

TEST(one_that_cannot_be_passed_is_dropped_from_the_middle)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int first = -1, broken = -1, last = -1;

	begin(&scene);
	first = add(&scene, true);
	broken = add(&scene, true);
	last = add(&scene, false);
	fd_close(&scene.handed.ends[1].fd);
	scene.handed.ends[1].fd = scene.steward + 1000; /* no descriptor at all */
	handed_pass(&scene.handed, scene.launcher);
	CHECK_INT(scene.handed.n, 2);
	check_passed(&scene, first, true);
	check_passed(&scene, last, false);
	CHECK(is_let_go(broken));
	CHECK(handed_note_taken(&scene.handed));
	CHECK(is_let_go(first) && !is_let_go(last));
}

TEST(where_there_is_to_be_no_other_all_are_let_go)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int passed = -1, waits = -1;

	begin(&scene);
	passed = add(&scene, true);
	handed_pass(&scene.handed, scene.launcher);
	waits = add(&scene, true);
	handed_drop_all(&scene.handed);
	CHECK(is_let_go(waits));
	CHECK(!handed_note_taken(&scene.handed));
	check_passed(&scene, passed, true); /* it is the steward's alone */
	CHECK(is_let_go(passed));
}
