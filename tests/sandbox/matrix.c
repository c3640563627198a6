/*
 * The mutation run: each row of the table names a profile, walls left out and
 * features taken away, and the attempts that then get through, exactly. With
 * all walls that is none; with a wall removed it is what shows that the attack
 * can see, and that the wall is what stops it.
 *
 * Where a sandbox can be raised before its job is there, the attack runs in one
 * that was; with all walls also in one that was raised for it.
 *
 *	matrix EXECUTABLES TABLE [--record]	TAP; or the table as it is here
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/launcher.h"
#include "call/sandbox/plan_internal.h"
#include "canary.h"
#include "children.h"
#include "rows.h"

#define RUN_MS 60000
#define MAX_TRIES 5
#define OUTPUT_MAX_BYTES (1 * MIB)

enum raised {
	RAISED_FOR_IT,
	RAISED_BEFORE,
	N_RAISED
};

static const char *const raised_words[N_RAISED] = { "raised for it", "raised before" };

struct run {
	struct canary canary;
	struct launcher launcher;
	int to_job, from_job;
	struct buf output;
	size_t handled; /* bytes of output whose lines were acted on */
	struct launch_outcome outcome;
	struct error err;
};

static void handle_line(struct run *run, struct str line)
{
	enum attempt attempt;

	if (str_starts(line, "self ")) {
		attempt = attempt_find(line.data + 5, line.len - 5);
		if (attempt < ATTEMPT_N)
			run->canary.hit[attempt] = true;
	} else if (str_starts(line, "check ")) {
		attempt = attempt_find(line.data + 6, line.len - 6);
		if (attempt < ATTEMPT_N)
			canary_check_held(&run->canary, attempt);
		(void)!write(run->to_job, "\n", 1);
	} else if (str_is(line, "mount later")) {
		if (geteuid() == 0)
			canary_mount_later(&run->canary);
		(void)!write(run->to_job, "\n", 1);
	} else if (str_starts(line, "leak ")) {
		const char *at = line.data + 5;
		struct str word;

		if (scan_word(&at, &word))
			canary_check_leak(&run->canary, attempt_find(word.data, word.len),
					  line.data, line.len);
	}
}

static void handle_output(struct run *run)
{
	const char *start = buf_text(&run->output);
	const char *at = start + run->handled;
	struct str line;

	while (strchr(at, '\n') && scan_line(&at, &line))
		handle_line(run, line);
	run->handled = (size_t)(at - start);
}

static bool read_output(struct run *run)
{
	char chunk[4096];
	ssize_t got = read(run->from_job, chunk, sizeof(chunk));

	if (got <= 0)
		return false;
	buf_add(&run->output, chunk, (size_t)got);
	handle_output(run);
	return true;
}

/* Until the outcome is there and every byte was read. */
static int follow(struct run *run)
{
	struct pollfd polls[2] = { { run->from_job, POLLIN, 0 }, { run->launcher.fd, POLLIN, 0 } };
	bool has_outcome = false;

	while (!has_outcome || polls[0].fd >= 0) {
		if (poll(polls, 2, RUN_MS) <= 0)
			return -ETIMEDOUT;
		if (polls[0].revents && !read_output(run))
			polls[0].fd = -1;
		if (polls[1].revents && launcher_receive(&run->launcher, &run->outcome) == 0) {
			has_outcome = true;
			polls[1].fd = -1;
		} else if (polls[1].revents) {
			return -EPIPE;
		}
	}
	return 0;
}

static struct launch_record record_of(const struct row *row, const char *tool)
{
	struct launch_record record = {
		.kind = LAUNCH_RUN,
		.profile = row->profile,
		.id = 1,
		.limits = sandbox_default_limits(row->profile),
	};

	(void)snprintf(record.tool, sizeof(record.tool), "%s", tool);
	return record;
}

/* After a job that ends well the launcher raises a sandbox for the next one. If
 * this one does not, the attack will not either, and is asked why. */
static int run_job_before(struct run *run, const struct row *row, struct error *err)
{
	struct launch_record record = record_of(row, "succeed");
	struct pollfd poll_fd = { run->launcher.fd, POLLIN, 0 };
	CLEANUP(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r = launcher_send(&run->launcher, &record, (int[]) { null, null, null }, err);

	if (r < 0)
		return r;
	if (poll(&poll_fd, 1, RUN_MS) != 1 || launcher_receive(&run->launcher, &run->outcome) < 0)
		return error_set(err, -ETIMEDOUT, "no outcome of the job before");
	if (run->outcome.status == 0 && !children_await(run->launcher.pid))
		return error_set(err, -ETIMEDOUT, "no sandbox is raised for the next job");
	return 0;
}

static int send_job(struct run *run, const struct row *row, struct error *err)
{
	struct launch_record record = record_of(row, "attack");
	int input[2], output[2];
	char line[256];
	int r;

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		return error_errno(err, "make pipes");
	facts_format(&run->canary.facts, line, sizeof(line));
	r = launcher_send(&run->launcher, &record,
			  (int[]) { input[0], output[1], run->canary.terminal_end }, err);
	close(input[0]);
	close(output[1]);
	run->to_job = input[1];
	run->from_job = output[0];
	if (r == 0 && write(run->to_job, line, strlen(line)) < 0)
		r = error_errno(err, "tell the facts");
	return r;
}

static int check_outcome(const struct run *run, enum raised raised, struct error *err)
{
	const struct launch_outcome *outcome = &run->outcome;

	if (outcome->end != LAUNCH_EXITED || outcome->status != 0)
		return error_set(err, -EIO, "end %u status %d: %s", outcome->end, outcome->status,
				 outcome->why);
	if (outcome->was_waiting != (raised == RAISED_BEFORE))
		return error_set(err, -EAGAIN, "it was not %s", raised_words[raised]);
	if (!strstr(buf_text(&run->output), "\ndone\n"))
		return error_set(err, -EIO, "the attack ended early");
	return 0;
}

static int run_row(struct run *run, const struct row *row, enum raised raised,
		   const char *executables, struct error *err)
{
	struct launcher_config config = {
		.executables_dir = executables,
		.host_root = "/",
		.test = { .walls_off = row->walls_off, .features_off = row->features_off },
	};
	int r = launcher_start(&run->launcher, &config, err);

	if (r == 0 && raised == RAISED_BEFORE)
		r = run_job_before(run, row, err);
	if (r == 0)
		r = send_job(run, row, err);
	if (r == 0 && follow(run) < 0)
		r = error_set(err, -ETIMEDOUT, "the attack does not end");
	launcher_finish(&run->launcher);
	return r == 0 ? check_outcome(run, raised, err) : r;
}

static void list_hits(const struct canary *canary, struct buf *text)
{
	for (unsigned i = 0; i < ATTEMPT_N; i++)
		if (canary->hit[i])
			buf_add_format(text, " %s", attempt_name(i));
}

/* The host's side of a row, in a process of its own: a row without privilege is
 * played by a launcher that has none. */
static void play_in_child(struct run *run, const struct row *row, enum raised raised,
			  const char *executables)
{
	bool plain = row->features_off & FEATURE_PRIVILEGE;

	buf_init(&run->output, OUTPUT_MAX_BYTES);
	if (plain && (setgroups(0, NULL) < 0 || setgid(CANARY_UID) < 0 || setuid(CANARY_UID) < 0))
		error_errno(&run->err, "become a plain user");
	else
		(void)run_row(run, row, raised, executables, &run->err); /* 'err' tells */
	if (getenv("MATRIX_VERBOSE"))
		(void)fputs(buf_text(&run->output), stderr);
	_exit(0);
}

/* What got through, as " NAME NAME", or that it did not start. False: again, since
 * a mount of somebody else let the sandbox go that was raised before. */
static bool play(const struct row *row, enum raised raised, const char *executables,
		 struct buf *text)
{
	struct run *run =
		mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool again;
	pid_t pid;

	if (run == MAP_FAILED)
		abort();
	canary_set_up(&run->canary);
	pid = fork();
	if (pid == 0)
		play_in_child(run, row, raised, executables);
	(void)waitpid(pid, NULL, 0);
	canary_judge(&run->canary);
	if (run->err.code && run->outcome.status == SANDBOX_FAILED)
		buf_add_format(text, " (did not start)");
	else if (run->err.code)
		buf_add_format(text, " (failed: %s)", run->err.text);
	list_hits(&run->canary, text);
	canary_tear_down(&run->canary);
	again = run->err.code == -EAGAIN;
	(void)munmap(run, sizeof(*run));
	return !again;
}

static void play_row(const struct row *row, enum raised raised, const char *executables,
		     struct buf *text)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		buf_cleanup(text);
		buf_init(text, 64 * KIB);
		if (play(row, raised, executables, text))
			return;
	}
}

/* Only root's are, and 'full' has nothing to wait in. */
static bool can_be_raised(const struct row *row, enum raised raised)
{
	bool before = row->profile != PROFILE_FULL && !(row->features_off & FEATURE_PRIVILEGE);

	if (raised == RAISED_BEFORE)
		return before;
	return !before || strcmp(row->without, "nothing") == 0;
}

static void report(const struct row *row, enum raised raised, const char *is)
{
	static unsigned number;
	bool same = strcmp(is, row->expected) == 0;

	(void)printf("%s %u - %s without %s, %s: exactly the expected attempts get through\n",
		     same ? "ok" : "not ok", ++number, sandbox_profile_name(row->profile),
		     row->without, raised_words[raised]);
	if (!same)
		(void)printf("# is:      %s\n# expected:%s\n", is, row->expected);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	CLEANUP(rows) struct rows rows = { 0 };
	struct error err = { 0 };
	unsigned n = 0;

	if (argc == 2 && strcmp(argv[0], "victim") == 0)
		return canary_be_victim(argv[1]);
	if (argc < 3)
		return 2;
	if (geteuid() != 0) {
		(void)printf("1..1\nok 1 - the walls hold # SKIP needs root\n");
		return 0;
	}
	if (rows_load(&rows, argv[2], &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < rows.n * N_RAISED; i++) {
		const struct row *row = &rows.rows[i / N_RAISED];
		CLEANUP(buf) struct buf text = { 0 };

		if (!can_be_raised(row, i % N_RAISED))
			continue;
		n++;
		play_row(row, i % N_RAISED, argv[1], &text);
		if (argc == 3)
			report(row, i % N_RAISED, buf_text(&text));
		else if (i % N_RAISED == RAISED_BEFORE || !can_be_raised(row, RAISED_BEFORE))
			(void)printf("%s %s:%s\n", sandbox_profile_name(row->profile), row->without,
				     buf_text(&text));
		(void)fflush(stdout);
	}
	if (argc == 3)
		(void)printf("1..%u\n", n);
	return 0;
}
