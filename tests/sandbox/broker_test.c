/*
 * The broker of a job: there when it is asked, and started for nobody else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "scene.h"

#define N_UNASKED 40

/* A scene, and what its brokers say. */
struct stage {
	struct scene scene;
	int said;
};

static void set_up(struct stage *stage)
{
	int ends[2], error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_INT(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_INT(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	scene_set_up(&stage->scene, (struct launcher_test) { 0 });
	CHECK_INT(dup2(error, STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	close(error);
	stage->said = ends[0];
}

static void tear_down(struct stage *stage)
{
	fd_close(&stage->said);
	scene_tear_down(&stage->scene);
}

static struct launch_outcome run(struct stage *stage, const char *tool, uint64_t wall_ms)
{
	struct launch_record record = scene_record(tool, wall_ms);

	record.needs_broker = 1;
	scene_start(&stage->scene, &record);
	return scene_await(&stage->scene);
}

/* How many brokers were started since the last time. */
static unsigned count_started(const struct stage *stage)
{
	char text[256];
	ssize_t got = read(stage->said, text, sizeof(text));
	unsigned n = 0;

	for (ssize_t i = 0; i < got; i++)
		n += text[i] == '\n';
	return n;
}

TEST(a_job_that_asks_is_answered_by_a_broker_of_its_own)
{
	struct stage stage;

	scene_check_root();
	set_up(&stage);
	/* The second has the sandbox that waited. */
	for (int i = 0; i < 2; i++) {
		CHECK_INT(run(&stage, "ask_broker", 5000).status, 0);
		CHECK_INT(count_started(&stage), 1);
	}
	tear_down(&stage);
}

/* The launcher may see that the socket is closed before it sees that the job has ended. */
TEST(a_job_that_asks_nothing_has_no_broker)
{
	struct stage stage;

	scene_check_root();
	set_up(&stage);
	for (int i = 0; i < N_UNASKED; i++)
		CHECK_INT(run(&stage, "succeed", 5000).status, 0);
	CHECK_INT(count_started(&stage), 0);
	tear_down(&stage);
}
