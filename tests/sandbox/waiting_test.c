/*
 * The sandbox that waits for the next job: who gets it, and when it goes.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/test.h"
#include "children.h"
#include "scene.h"

#define WALLS_OF_ROOT 0x7ffe /* all but the user namespace */

/* What comes after a job of its kind is told to the sandbox that waits; what does
 * not, and what comes after a mount, gets one of its own. */
TEST(a_job_gets_the_sandbox_that_waits_only_if_it_is_of_its_kind)
{
	struct launch_record record = scene_record("fail", 5000);
	struct launch_outcome outcome;
	struct scene scene;
	bool was_waiting = false;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	CHECK(!scene_run(&scene, "fail", 5000).was_waiting);
	/* Others may mount something in between. */
	for (int i = 0; i < 20 && !was_waiting; i++) {
		CHECK(children_await(scene.launcher.pid));
		outcome = scene_run(&scene, "fail", 5000);
		CHECK_INT(outcome.end, LAUNCH_EXITED);
		CHECK_INT(outcome.status, 3);
		CHECK_INT(outcome.walls, WALLS_OF_ROOT);
		CHECK(outcome.landlock_abi > 0 && outcome.cpu_ns > 0);
		was_waiting = outcome.was_waiting;
	}
	CHECK(was_waiting);
	CHECK(children_await(scene.launcher.pid));
	record.limits.n_files = 100;
	scene_start(&scene, &record);
	outcome = scene_await(&scene);
	CHECK_INT(outcome.status, 3);
	CHECK(!outcome.was_waiting);
	scene_tear_down(&scene);
}

TEST(a_sandbox_that_waits_is_given_up_when_the_mounts_change)
{
	char place[] = "/tmp/constable-mount-XXXXXX";
	struct scene scene;

	scene_check_root();
	CHECK(mkdtemp(place) != NULL);
	scene_set_up(&scene, (struct launcher_test) { 0 });
	CHECK_INT(scene_run(&scene, "succeed", 5000).status, 0);
	CHECK(children_await(scene.launcher.pid));
	CHECK_INT(mount("none", place, "tmpfs", 0, "size=4k"), 0);
	CHECK(!scene_run(&scene, "succeed", 5000).was_waiting);
	CHECK_INT(umount2(place, MNT_DETACH), 0);
	(void)rmdir(place);
	scene_tear_down(&scene);
}

TEST(a_sandbox_that_waits_and_dies_costs_no_job)
{
	struct scene scene;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	CHECK_INT(scene_run(&scene, "fail", 5000).status, 3);
	for (int i = 0; i < 5; i++) {
		CHECK(children_kill(scene.launcher.pid));
		CHECK_INT(scene_run(&scene, "fail", 5000).status, 3);
	}
	scene_tear_down(&scene);
}
