#include "scene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

#define PATIENCE_MS 20000
#define SCENE_SECONDS 600 /* a scene that hangs ends the test */

void scene_check_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

static void begin(struct scene *scene)
{
	struct error err = { 0 };

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* what escapes becomes our child */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(SCENE_SECONDS);
	CHECK_OK(launcher_start(&scene->launcher, &scene->config, &err), err);
}

void scene_set_up(struct scene *scene, struct launcher_test how)
{
	*scene = (struct scene) {
		.config = { .executables_dir = getenv("SANDBOX_JOBS"),
			    .host_root = "/",
			    .test = how },
		.output = -1,
	};
	begin(scene);
}

void scene_set_up_roots(struct scene *scene, const char *const *const *roots)
{
	*scene = (struct scene) {
		.config = { .executables_dir = getenv("SANDBOX_JOBS"),
			    .host_root = "/",
			    .roots = roots },
		.output = -1,
	};
	begin(scene);
}

struct launch_record scene_record(const char *tool, uint64_t wall_ms)
{
	struct launch_record record = {
		.kind = LAUNCH_RUN,
		.id = 1,
		.limits = sandbox_default_limits(PROFILE_DIAGNOSE),
	};

	(void)snprintf(record.tool, sizeof(record.tool), "%s", tool);
	record.limits.wall_ns = wall_ms * NS_PER_MS;
	return record;
}

void scene_start(struct scene *scene, const struct launch_record *record)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct error err = { 0 };
	int ends[2];

	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_OK(launcher_send(&scene->launcher, record, (int[]) { null, ends[1], null }, &err),
		 err);
	close(ends[1]);
	close(null);
	fd_close(&scene->output);
	scene->output = ends[0];
}

struct launch_outcome scene_await(struct scene *scene)
{
	struct pollfd poll_fd = { .fd = scene->launcher.fd, .events = POLLIN };
	struct launch_outcome outcome;

	CHECK_INT(poll(&poll_fd, 1, PATIENCE_MS), 1);
	CHECK_INT(launcher_receive(&scene->launcher, &outcome), 0);
	return outcome;
}

struct launch_outcome scene_run(struct scene *scene, const char *tool, uint64_t wall_ms)
{
	struct launch_record record = scene_record(tool, wall_ms);

	scene_start(scene, &record);
	return scene_await(scene);
}

/* The job's output ends as soon as nobody can write to it any more. */
void scene_check_output_ended(struct scene *scene)
{
	struct pollfd poll_fd = { .fd = scene->output, .events = POLLIN };
	char chunk[65536];

	do
		CHECK_INT(poll(&poll_fd, 1, 1000), 1);
	while (read(scene->output, chunk, sizeof(chunk)) > 0);
}

unsigned scene_count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned n = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		n += c == '\n';
	if (file)
		(void)fclose(file);
	return n;
}

static bool has_directory_of(const struct launcher *launcher, const char *hierarchy)
{
	char path[128], prefix[40];
	DIR *entries;
	struct dirent *entry;
	bool found = false;

	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/constable", hierarchy);
	(void)snprintf(prefix, sizeof(prefix), "launcher-%d-", launcher->pid);
	entries = opendir(path);
	while (entries && (entry = readdir(entries)))
		found = found || strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	if (entries)
		closedir(entries);
	return found;
}

bool scene_has_control_groups(const struct launcher *launcher)
{
	return has_directory_of(launcher, "") || has_directory_of(launcher, "/unified") ||
	       has_directory_of(launcher, "/memory") || has_directory_of(launcher, "/pids") ||
	       has_directory_of(launcher, "/cpu");
}

void scene_tear_down(struct scene *scene)
{
	struct launcher was = scene->launcher;

	fd_close(&scene->output);
	launcher_finish(&scene->launcher);
	CHECK(!scene_has_control_groups(&was));
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* no process came to us */
}
