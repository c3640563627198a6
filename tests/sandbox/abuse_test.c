/*
 * Jobs that misbehave, launchers that fail half way: each ends with one
 * outcome, and nothing of it stays. $SANDBOX_JOBS holds the misbehaving
 * constable-job, $SANDBOX_RUNS how often to start one in the leak run.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/test.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/plan_internal.h"
#include "children.h"
#include "scene.h"

#define WALLS_OF_ROOT 0x7ffe /* all but the user namespace */

TEST(a_good_job_ends_with_its_status_behind_every_wall)
{
	struct scene scene;
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	outcome = scene_run(&scene, "fail", 5000);
	CHECK_INT(outcome.end, LAUNCH_EXITED);
	CHECK_INT(outcome.status, 3);
	CHECK_INT(outcome.walls, WALLS_OF_ROOT);
	CHECK(outcome.landlock_abi > 0 && outcome.elapsed_ns > 0 && outcome.cpu_ns > 0);
	scene_tear_down(&scene);
}

TEST(a_crash_is_told_by_its_signal)
{
	struct scene scene;
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	outcome = scene_run(&scene, "crash", 5000);
	CHECK_INT(outcome.end, LAUNCH_KILLED);
	CHECK_INT(outcome.status, SIGSEGV);
	scene_tear_down(&scene);
}

/* Half a second more than it was given: the machine may be busy. */
static void check_timed_out(const char *tool, uint64_t wall_ms)
{
	struct scene scene;
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	outcome = scene_run(&scene, tool, wall_ms);
	CHECK_INT(outcome.end, LAUNCH_TIMED_OUT);
	CHECK(outcome.elapsed_ns >= wall_ms * NS_PER_MS);
	CHECK(outcome.elapsed_ns < (wall_ms + 2000) * NS_PER_MS);
	scene_check_output_ended(&scene);
	scene_tear_down(&scene);
}

TEST(a_job_that_hangs_ends_at_its_deadline)
{
	check_timed_out("hang", 200);
}

TEST(a_tree_that_ignores_every_signal_ends_at_its_deadline)
{
	check_timed_out("ignore_signals", 300);
}

TEST(a_stopped_tree_ends_at_its_deadline)
{
	check_timed_out("stop_tree", 300);
}

TEST(a_fork_bomb_is_capped_and_ends_at_its_deadline)
{
	check_timed_out("bomb", 1000);
}

TEST(an_orphan_ends_with_its_job)
{
	struct scene scene;
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	outcome = scene_run(&scene, "leave_orphan", 10000);
	CHECK_INT(outcome.end, LAUNCH_EXITED);
	CHECK(outcome.elapsed_ns < 5 * NS_PER_SEC);
	scene_check_output_ended(&scene);
	scene_tear_down(&scene);
}

TEST(memory_beyond_the_limit_is_told_as_such)
{
	struct scene scene;
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	outcome = scene_run(&scene, "eat_memory", 15000);
	CHECK_INT(outcome.end, LAUNCH_OUT_OF_MEMORY);
	CHECK(outcome.peak_memory_bytes > 200 * MIB && outcome.peak_memory_bytes < 300 * MIB);
	/* The place and its counters are used again. */
	outcome = scene_run(&scene, "succeed", 5000);
	CHECK_INT(outcome.end, LAUNCH_EXITED);
	scene_tear_down(&scene);
}

TEST(a_flood_stops_at_the_reader_and_ends_when_cancelled)
{
	struct scene scene;
	struct launch_record record = scene_record("flood", 20000);
	struct launch_outcome outcome;
	struct error err = { 0 };
	char chunk[65536];

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	scene_start(&scene, &record);
	for (size_t n = 0; n < 4 * MIB;) {
		ssize_t got = read(scene.output, chunk, sizeof(chunk));

		CHECK(got > 0);
		n += (size_t)got;
	}
	record.kind = LAUNCH_CANCEL;
	CHECK_OK(launcher_send(&scene.launcher, &record, NULL, &err), err);
	outcome = scene_await(&scene);
	CHECK_INT(outcome.end, LAUNCH_CANCELLED);
	scene_check_output_ended(&scene);
	scene_tear_down(&scene);
}

TEST(a_script_fills_its_own_scratch_and_not_the_host)
{
	struct scene scene;
	struct launch_record record = scene_record("fill_scratch", 20000);
	struct launch_outcome outcome;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	record.profile = PROFILE_SCRIPT;
	scene_start(&scene, &record);
	outcome = scene_await(&scene);
	CHECK_INT(outcome.end, LAUNCH_EXITED);
	CHECK_INT(outcome.status, 7);
	CHECK(access("/tmp/constable-abuse", F_OK) < 0);
	scene_tear_down(&scene);
}

static void make_private(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	close(fd);
}

static struct launch_outcome run_below(const char *const *const *roots, unsigned set,
				       enum sandbox_profile profile)
{
	struct launch_record record = scene_record("read_files", 5000);
	struct launch_outcome outcome;
	struct scene scene;

	scene_set_up_roots(&scene, roots);
	record.profile = profile;
	record.root_set = set;
	scene_start(&scene, &record);
	outcome = scene_await(&scene);
	scene_tear_down(&scene);
	return outcome;
}

static int files_read_below(const char *const *roots, enum sandbox_profile profile)
{
	const char *const *const sets[] = { roots, NULL };
	struct launch_outcome outcome = run_below(sets, 0, profile);

	CHECK_INT(outcome.end, LAUNCH_EXITED);
	return outcome.status;
}

/* Of a launcher that knows both, whichever the record names; a third there is not. */
static void check_sets(const char *const *all, const char *const *some)
{
	const char *const *const sets[] = { all, some, NULL };

	CHECK_INT(run_below(sets, 0, PROFILE_DIAGNOSE_ROOT).status, 3);
	CHECK_INT(run_below(sets, 1, PROFILE_DIAGNOSE_ROOT).status, 1);
	CHECK_INT(run_below(sets, 2, PROFILE_DIAGNOSE_ROOT).end, LAUNCH_REFUSED);
	CHECK_INT(run_below(NULL, 0, PROFILE_DIAGNOSE_ROOT).status, 3);
}

TEST(only_diagnose_root_reads_private_files_and_only_below_its_roots)
{
	static const char *const all[] = { "/", NULL };
	static const char *const some[] = { "/var/tmp/constable-roots/inside", NULL };

	scene_check_root();
	(void)mkdir("/var/tmp/constable-roots", 0755);
	(void)mkdir("/var/tmp/constable-roots/inside", 0755);
	make_private("/var/tmp/constable-roots/inside/file");
	make_private("/var/tmp/constable-roots/outside");
	CHECK_INT(files_read_below(all, PROFILE_DIAGNOSE), 0);
	CHECK_INT(files_read_below(all, PROFILE_DIAGNOSE_ROOT), 3);
	CHECK_INT(files_read_below(some, PROFILE_DIAGNOSE_ROOT), 1);
	check_sets(all, some);
	(void)unlink("/var/tmp/constable-roots/inside/file");
	(void)unlink("/var/tmp/constable-roots/outside");
	(void)rmdir("/var/tmp/constable-roots/inside");
	(void)rmdir("/var/tmp/constable-roots");
}

TEST(a_mount_made_after_the_start_is_seen_by_the_next_job_read_only)
{
	struct scene scene;
	int fd;

	scene_check_root();
	while (umount2("/var/tmp/constable-mount", MNT_DETACH) == 0)
		; /* of a test that was killed */
	(void)mkdir("/var/tmp/constable-mount", 0755);
	scene_set_up(&scene, (struct launcher_test) { 0 });
	CHECK_INT(scene_run(&scene, "see_mount", 5000).status, 0);
	CHECK_INT(mount("none", "/var/tmp/constable-mount", "tmpfs", 0, "size=64k,mode=777"), 0);
	fd = open("/var/tmp/constable-mount/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	close(fd);
	CHECK_INT(scene_run(&scene, "see_mount", 5000).status, 1);
	(void)umount2("/var/tmp/constable-mount", MNT_DETACH);
	CHECK_INT(scene_run(&scene, "see_mount", 5000).status, 0);
	(void)rmdir("/var/tmp/constable-mount");
	scene_tear_down(&scene);
}

/* Without namespaces and control groups only the launcher itself finds orphans. */
TEST(without_any_namespace_nothing_outlives_its_job_either)
{
	struct launcher_test plain = { .features_off = FEATURE_PRIVILEGE | FEATURE_USER_NS };
	struct launch_outcome outcome;
	struct scene scene;

	scene_check_root();
	scene_set_up(&scene, plain);
	outcome = scene_run(&scene, "leave_orphan", 10000);
	CHECK_INT(outcome.end, LAUNCH_EXITED);
	CHECK(!(outcome.walls & (WALL_PID_NS | WALL_CGROUP)));
	scene_check_output_ended(&scene);
	outcome = scene_run(&scene, "ignore_signals", 300);
	CHECK_INT(outcome.end, LAUNCH_TIMED_OUT);
	scene_check_output_ended(&scene);
	scene_tear_down(&scene);
}

static void check_refused(struct scene *scene, const struct launch_record *record, const char *why)
{
	struct launch_outcome outcome;

	scene_start(scene, record);
	outcome = scene_await(scene);
	CHECK_INT(outcome.end, LAUNCH_REFUSED);
	CHECK_TEXT(outcome.why, why);
}

TEST(a_record_outside_the_tables_is_refused_and_the_next_one_runs)
{
	struct scene scene;
	struct launch_record record;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	record = scene_record("succeed", 5000);
	record.kind = 77;
	check_refused(&scene, &record, "no such kind of record");
	record = scene_record("succeed", 5000);
	record.profile = PROFILE_INVESTIGATOR;
	check_refused(&scene, &record, "no such profile for a job");
	record = scene_record("succeed", 5000);
	record.executable = JOB_N;
	check_refused(&scene, &record, "that job executable is not installed");
	record = scene_record("../succeed", 5000);
	check_refused(&scene, &record, "no name of a tool");
	record = scene_record("succeed", 0);
	check_refused(&scene, &record, "a job needs limits");
	record = scene_record("succeed", 5000);
	memset(record.tool, 'a', sizeof(record.tool));
	check_refused(&scene, &record, "no name of a tool");
	CHECK_INT(scene_run(&scene, "succeed", 5000).end, LAUNCH_EXITED);
	scene_tear_down(&scene);
}

/* The control group is the one wall that others cover for; the user's map is not
 * made where we are root. */
static bool is_optional(uint32_t step)
{
	return strcmp(child_step_name(step), "join the control group") == 0 ||
	       strcmp(child_step_name(step), "map the user") == 0;
}

/* "fail" would exit with 3 if it ran. */
TEST(a_step_that_fails_ends_with_125_and_nothing_ran)
{
	scene_check_root();
	for (uint32_t step = 0; step < child_n_steps(); step++) {
		struct scene scene;
		struct launch_outcome outcome;

		scene_set_up(&scene, (struct launcher_test) { .fail_step = step + 1 });
		outcome = scene_run(&scene, "fail", 5000);
		scene_tear_down(&scene);
		CHECK_INT(outcome.end, LAUNCH_EXITED);
		CHECK_INT(outcome.status, is_optional(step) ? 3 : SANDBOX_FAILED);
		CHECK(is_optional(step) || strstr(outcome.why, child_step_name(step)));
	}
}

/* The launcher's, with a sandbox that waits for the next job. */
static unsigned count_descriptors(struct scene *scene)
{
	char path[64];
	DIR *entries;
	unsigned n = 0;

	CHECK_INT(scene_run(scene, "succeed", 5000).status, 0);
	CHECK(children_await(scene->launcher.pid));
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", scene->launcher.pid);
	entries = opendir(path);
	while (entries && readdir(entries))
		n++;
	if (entries)
		closedir(entries);
	return n;
}

TEST(many_runs_leave_no_descriptor_mount_or_process)
{
	const char *asked = getenv("SANDBOX_RUNS");
	unsigned n_runs = asked ? (unsigned)strtoul(asked, NULL, 10) : 300;
	unsigned n_descriptors, n_mounts;
	struct launch_record record = scene_record("succeed", 5000);
	struct scene scene;

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	/* Places keep their control groups: more of them than are used below. */
	for (; record.id <= 4; record.id++)
		scene_start(&scene, &record);
	while (--record.id)
		CHECK_INT(scene_await(&scene).status, 0);
	n_descriptors = count_descriptors(&scene);
	n_mounts = scene_count_lines("/proc/self/mountinfo");
	for (unsigned i = 0; i < n_runs; i++)
		CHECK_INT(scene_run(&scene, i % 5 ? "succeed" : "crash", 5000).status,
			  i % 5 ? 0 : SIGSEGV);
	/* More than once: a mount of somebody else lets the waiting sandbox go. */
	for (int i = 0; i < 10 && count_descriptors(&scene) != n_descriptors; i++)
		CHECK(i < 9);
	/* Others may mount and unmount meanwhile, but not by the hundred. */
	CHECK(scene_count_lines("/proc/self/mountinfo") < n_mounts + 50);
	scene_tear_down(&scene);
}
