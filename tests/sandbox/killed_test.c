/*
 * A launcher that is killed: its jobs end with it, and the next one sweeps what it left.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/test.h"
#include "scene.h"

/* Everything that was orphaned is ours; the kernel kills it, if it was told to in time. */
static bool orphans_end(void)
{
	uint64_t until_ns = clock_monotonic_ns() + 20 * NS_PER_SEC;
	pid_t pid = 0;

	while (pid >= 0 && clock_monotonic_ns() < until_ns) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid == 0)
			(void)usleep(100);
	}
	return pid < 0;
}

/* Killed before a job could ask to die with it: the first process finds out by itself. */
TEST(a_job_whose_launcher_died_first_does_not_run)
{
	struct launch_record record = scene_record("ignore_signals", 20000);
	struct scene scene;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { .late = 1 });
	scene_start(&scene, &record);
	record.kind = 77; /* answered after the record before it */
	record.id = 2;
	scene_start(&scene, &record);
	(void)scene_await(&scene);
	(void)kill(scene.launcher.pid, SIGKILL);
	CHECK(orphans_end());
	fd_close(&scene.launcher.fd);
	fd_close(&scene.output);
}

TEST(a_killed_launcher_takes_its_jobs_along_and_the_next_one_sweeps)
{
	struct launch_record record = scene_record("ignore_signals", 20000);
	struct scene scene, next;
	struct launcher dead;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	CHECK_INT(scene_run(&scene, "succeed", 5000).status, 0);
	scene_start(&scene, &record);
	/* Answered after the record before it, so the job is there. */
	record.kind = 77;
	record.id = 2;
	scene_start(&scene, &record);
	(void)scene_await(&scene);
	dead = scene.launcher;
	(void)kill(dead.pid, SIGKILL);
	(void)waitpid(dead.pid, NULL, 0);
	while (waitpid(-1, NULL, 0) > 0) /* the kernel kills; we inherit what it orphaned */
		;
	CHECK(scene_has_control_groups(&dead));
	scene_set_up(&next, (struct launcher_test) { 0 });
	CHECK_INT(scene_run(&next, "succeed", 5000).status, 0);
	CHECK(!scene_has_control_groups(&dead));
	scene_tear_down(&next);
	fd_close(&scene.launcher.fd);
	fd_close(&scene.output);
}

/* As one with a job that sleeps in the kernel. */
TEST(a_launcher_that_does_not_end_is_left_behind)
{
	struct scene scene;
	pid_t pid;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	pid = scene.launcher.pid;
	CHECK_INT(kill(pid, SIGSTOP), 0);
	CHECK(!launcher_finish(&scene.launcher));
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	fd_close(&scene.output);
}
