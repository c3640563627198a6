/* What the store survives: its child, its files and its parent going away. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/test.h"
#include "server/store/scene.h"

#define N_BATCHES 1000
#define PATIENCE_NS (20 * NS_PER_SEC)

/* Two rows each, so that half a batch would show. */
static void submit_pair(struct scene *scene, unsigned i, struct answer *answer)
{
	const struct store_value first[] = { store_text(scene->org), store_int(2 * i), store_int(0),
					     store_text("pair"), store_text("") };
	const struct store_value second[] = { store_text(scene->org), store_int(2 * i + 1),
					      store_int(0), store_text("pair"), store_text("") };
	const struct store_step steps[] = { scene_event(first), scene_event(second) };
	const struct store_batch batch = { .org = scene->org, .steps = steps, .n_steps = 2 };

	(void)store_submit(scene->store, &batch, scene_handle_done, answer);
}

static int64_t count_pair(struct scene *scene, unsigned i)
{
	const struct store_value params[] = { store_text(scene->org), store_int(2 * i),
					      store_int(2 * i + 1) };
	const struct store_step step = {
		"SELECT COUNT(*) FROM events WHERE org = $1 AND seq IN ($2, $3)", params, 3,
		STORE_SOME
	};

	return scene_query(scene, scene->org, &step).rows[0] - '0';
}

static void signal_child(int number)
{
	pid_t child = scene_child();

	CHECK(child > 0); /* 0 would be all of us */
	CHECK_INT(kill(child, number), 0);
}

static void kill_after(struct scene *scene, const struct answer *answers, unsigned n_answers)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	while (answers[n_answers - 1].n_done == 0) {
		CHECK(clock_monotonic_ns() < end_ns);
		(void)event_base_loop(scene->base, EVLOOP_ONCE);
	}
	signal_child(SIGKILL);
}

TEST(a_killed_child_loses_nothing_it_acknowledged)
{
	static struct answer answers[N_BATCHES];
	unsigned n_acknowledged = 0, n_unknown = 0;
	struct scene scene;

	scene_open(&scene);
	memset(answers, 0, sizeof(answers));
	for (unsigned i = 0; i < N_BATCHES; i++) {
		submit_pair(&scene, i, &answers[i]);
		if (i == N_BATCHES / 2)
			kill_after(&scene, answers, N_BATCHES / 4);
	}
	for (unsigned i = 0; i < N_BATCHES; i++)
		scene_wait(&scene, &answers[i]);
	scene_wait_state(&scene, STORE_READY);
	for (unsigned i = 0; i < N_BATCHES; i++) {
		int64_t n = count_pair(&scene, i);

		CHECK(answers[i].code == 0 || answers[i].code == -EIO);
		CHECK(n == 2 || (n == 0 && answers[i].code == -EIO));
		CHECK_INT(answers[i].n_done, 1);
		n_acknowledged += answers[i].code == 0;
		n_unknown += answers[i].code == -EIO;
	}
	CHECK(n_acknowledged >= N_BATCHES / 4);
	CHECK(n_unknown > 0);
	scene_close(&scene);
}

TEST(batches_wait_for_a_child_that_starts_again)
{
	struct scene scene;
	struct answer answer = { 0 };

	scene_open(&scene);
	signal_child(SIGKILL);
	scene_wait_state(&scene, STORE_STARTING);
	submit_pair(&scene, 1, &answer);
	scene_wait(&scene, &answer);
	CHECK_TEXT(answer.text, "");
	CHECK_INT(scene.state, STORE_READY);
	scene_close(&scene);
}

TEST(who_waits_too_long_is_told_why)
{
	struct scene scene;
	struct answer answer = { 0 };
	const struct store_value params[] = { store_int(1) };
	const struct store_step step = { "SELECT $1", params, 1, STORE_ANY };

	scene_open(&scene);
	signal_child(SIGSTOP);
	(void)store_submit(scene.store,
			   &(struct store_batch) { STORE_EVERY_ORG, &step, 1, 50 * NS_PER_MS },
			   scene_handle_done, &answer);
	scene_wait(&scene, &answer);
	CHECK_INT(answer.code, -EIO);
	CHECK(strstr(answer.text, "outcome is unknown"));
	signal_child(SIGKILL);
	scene_wait_state(&scene, STORE_STARTING);
	answer = (struct answer) { 0 };
	(void)store_submit(scene.store, &(struct store_batch) { STORE_EVERY_ORG, &step, 1, 1 },
			   scene_handle_done, &answer);
	scene_wait(&scene, &answer);
	CHECK_INT(answer.code, -ETIMEDOUT);
	scene_close(&scene);
}

/* A process with a store of its own, that says the child's pid and waits to be killed. */
static void be_parent(int out)
{
	struct scene scene;
	pid_t child;

	scene_open(&scene);
	child = scene_child();
	CHECK_INT(fd_write_all(out, scene.folder, sizeof(scene.folder)), 0);
	CHECK_INT(fd_write_all(out, &child, sizeof(child)), 0);
	for (;;)
		(void)pause();
}

TEST(the_child_dies_with_its_parent)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;
	char folder[64] = "", database[128];
	pid_t parent, child = 0;
	int ends[2];

	scene_require_walls();
	CHECK_INT(pipe(ends), 0);
	parent = fork();
	if (parent == 0)
		be_parent(ends[1]);
	CHECK(parent > 0);
	CHECK_INT(fd_read_all(ends[0], folder, sizeof(folder)), 0);
	CHECK_INT(fd_read_all(ends[0], &child, sizeof(child)), 0);
	CHECK(child > 0);
	CHECK_INT(kill(child, 0), 0);
	CHECK_INT(kill(parent, SIGKILL), 0);
	CHECK_INT(waitpid(parent, NULL, 0), parent);
	while (kill(child, 0) == 0) {
		char path[64], line[64] = "";
		CLEANUP(fd) int fd = -1;

		text_format(path, sizeof(path), "/proc/%d/stat", child);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, ") Z"))
			break; /* nobody has reaped it yet */
		CHECK(clock_monotonic_ns() < end_ns);
		(void)usleep(1000);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	for (size_t i = 0; i < 2; i++) {
		text_format(database, sizeof(database), "%s/store.db%s", folder, i ? "-wal" : "");
		(void)unlink(database);
	}
	(void)rmdir(folder);
}

static void read_status(pid_t pid, char *text, size_t size)
{
	char path[64];
	CLEANUP(fd) int fd = -1;
	ssize_t n;

	text_format(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, size - 1);
	CHECK(n > 0);
	text[n] = '\0';
}

TEST(the_child_stands_behind_walls)
{
	char text[8192], path[64];
	struct scene scene;
	struct stat file;
	CLEANUP(fd) int arguments = -1;

	scene_open(&scene);
	read_status(scene_child(), text, sizeof(text));
	CHECK(strstr(text, "Seccomp:\t2"));
	CHECK(strstr(text, "NoNewPrivs:\t1"));
	/* Where the database is stands in no argument. */
	text_format(path, sizeof(path), "/proc/%d/cmdline", scene_child());
	arguments = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_INT(read(arguments, text, sizeof(text)), sizeof("constable-store"));
	if (!scene_is_postgresql()) {
		CHECK_INT(stat(scene.database, &file), 0);
		CHECK_INT(file.st_mode & 0777, 0600);
	}
	scene_close(&scene);
}

TEST(a_lost_connection_is_made_again)
{
	static const struct store_step suicide = {
		"SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS TEXT)", NULL, 0, STORE_ANY
	};
	struct scene scene;
	struct answer answer = { 0 };

	if (!scene_is_postgresql())
		SKIP("SQLite has no connection");
	scene_open(&scene);
	CHECK_INT(scene_query(&scene, STORE_EVERY_ORG, &suicide).code, -EIO);
	scene_wait_state(&scene, STORE_STARTING);
	submit_pair(&scene, 1, &answer);
	scene_wait(&scene, &answer);
	CHECK_TEXT(answer.text, "");
	scene_close(&scene);
}

/* $STORE_TEST_CONTROL is a program that takes "stop" or "start". */
static void control_server(const char *what)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl(getenv("STORE_TEST_CONTROL"), "control", what, NULL);
		_exit(127);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST(a_server_that_is_away_is_waited_for)
{
	struct scene scene;
	struct answer answer = { 0 };
	const struct store_value params[] = { store_int(1) };
	const struct store_step step = { "SELECT CAST($1 AS BIGINT)", params, 1, STORE_ANY };
	const struct store_batch batch = { STORE_EVERY_ORG, &step, 1, 300 * NS_PER_MS };

	if (!getenv("STORE_TEST_CONTROL"))
		SKIP("no server to stop");
	scene_open(&scene);
	control_server("stop");
	scene_wait_state(&scene, STORE_STARTING);
	/* Until the first attempt has failed as well. */
	while (!strstr(scene.why.text, "connect to PostgreSQL"))
		(void)event_base_loop(scene.base, EVLOOP_ONCE);
	answer = scene_run(&scene, &batch);
	CHECK_INT(answer.code, -ETIMEDOUT);
	CHECK(strstr(answer.text, "connect to PostgreSQL"));
	control_server("start");
	answer = (struct answer) { 0 };
	submit_pair(&scene, 1, &answer);
	scene_wait(&scene, &answer);
	CHECK_TEXT(answer.text, "");
	scene_close(&scene);
}
