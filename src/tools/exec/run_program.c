#include "tools/exec/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "call/progress.h"

/* More than this, beyond what is kept, is a flood. */
#define FLOOD_BYTES (64 * MIB)
/* How long output is awaited that a grandchild may still write after the program ended. */
#define LINGER_NS (200 * NS_PER_MS)
#define SWEEPS 100
#define MAX_DESCRIPTORS 1024

const char *const run_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LANG=C.UTF-8",
	"HOME=/tmp",
	"TERM=dumb",
	"SYSTEMD_PAGER=",
	"PAGER=cat",
	/* iproute2 reads the host's sockets there: the job's own network is empty. */
	"PROC_ROOT=/proc/1",
	NULL,
};

struct run {
	const struct run_request *request;
	struct run_outcome *outcome;
	pid_t pid;
	int input, output, errors; /* our ends */
	int failure;               /* tells why exec failed; closed by a successful one */
	size_t n_sent;
	bool is_reaped;
	uint64_t ended_ns;
};

struct child_ends {
	int input, output, errors, failure, script;
};

/* What the job inherited, such as the broker's socket, is not the program's. */
static void close_on_exec(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	/* Before Linux 5.11. */
	for (int fd = STDERR_FILENO + 1; fd < MAX_DESCRIPTORS; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* A copy of our end that exec keeps. The end for failures may lie where it has to be. */
static bool give_script(struct child_ends *ends)
{
	if (ends->script < 0)
		return true;
	if (ends->failure == RUN_SCRIPT_FD)
		ends->failure = fcntl(ends->failure, F_DUPFD_CLOEXEC, RUN_SCRIPT_FD + 1);
	if (ends->script != RUN_SCRIPT_FD)
		return dup2(ends->script, RUN_SCRIPT_FD) >= 0;
	return fcntl(RUN_SCRIPT_FD, F_SETFD, 0) == 0;
}

/* In the child, between fork and exec: only calls that are safe there. */
static _Noreturn void become(const struct run_request *request, struct child_ends *ends)
{
	int code;

	/* An ignored signal would stay ignored through exec. */
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setsid();
	close_on_exec();
	/* execvpe() would look the program up in the job's own PATH. */
	environ = (char **)run_environment;
	if (dup2(ends->input, STDIN_FILENO) >= 0 && dup2(ends->output, STDOUT_FILENO) >= 0 &&
	    dup2(ends->errors, STDERR_FILENO) >= 0 && give_script(ends))
		execvp(request->argv[0], request->argv);
	code = errno;
	(void)!write(ends->failure, &code, sizeof(code));
	_exit(127);
}

static int pipe_pair(int *read_end, int *write_end, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	*read_end = ends[0];
	*write_end = ends[1];
	return 0;
}

static void close_ends(struct child_ends *ends)
{
	fd_close(&ends->input);
	fd_close(&ends->output);
	fd_close(&ends->errors);
	fd_close(&ends->failure);
	fd_close(&ends->script);
}

/* A pipe that holds all of it and ends: nobody has to write while the program runs. */
static int open_script(const char *script, int *end, struct error *err)
{
	CLEANUP(fd) int write_end = -1;
	size_t len = strlen(script);
	int r = pipe_pair(end, &write_end, err);

	if (r < 0)
		return r;
	if (fcntl(write_end, F_SETFL, O_NONBLOCK) < 0 ||
	    write(write_end, script, len) != (ssize_t)len)
		return error_set(err, -ENOBUFS, "no pipe takes a script of %zu bytes", len);
	return 0;
}

static int open_ends(struct run *run, struct child_ends *ends, struct error *err)
{
	int r;

	if (run->request->input) {
		r = pipe_pair(&ends->input, &run->input, err);
	} else {
		ends->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
		r = ends->input < 0 ? error_errno(err, "open /dev/null") : 0;
	}
	if (r == 0)
		r = pipe_pair(&run->output, &ends->output, err);
	if (r == 0)
		r = pipe_pair(&run->errors, &ends->errors, err);
	if (r == 0)
		r = pipe_pair(&run->failure, &ends->failure, err);
	if (r == 0 && run->request->script)
		r = open_script(run->request->script, &ends->script, err);
	return r;
}

static int start(struct run *run, struct error *err)
{
	struct child_ends ends = { -1, -1, -1, -1, -1 };
	int code, r = open_ends(run, &ends, err);

	if (r == 0) {
		run->pid = fork();
		if (run->pid == 0)
			become(run->request, &ends);
		if (run->pid < 0)
			r = error_errno(err, "fork");
	}
	close_ends(&ends);
	if (r < 0)
		return r;
	if (fd_read_all(run->failure, &code, sizeof(code)) == 0) {
		(void)waitpid(run->pid, NULL, 0);
		run->is_reaped = true;
		return error_set(err, -code, "run '%s': %s", run->request->argv[0],
				 strerrordesc_np(code));
	}
	for (int *fd = &run->input; fd <= &run->errors; fd++)
		if (*fd >= 0)
			(void)fcntl(*fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static void take(struct run *run, enum progress_stream stream)
{
	bool is_output = stream == PROGRESS_STDOUT;
	int *fd = is_output ? &run->output : &run->errors;
	char chunk[32 * 1024];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0) {
		buf_add(is_output ? &run->outcome->output : &run->outcome->errors, chunk,
			(size_t)n);
		progress_add(run->request->progress, stream, chunk, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		fd_close(fd);
	}
}

static void send(struct run *run)
{
	const struct run_request *request = run->request;
	ssize_t n = write(run->input, request->input + run->n_sent, request->n_input - run->n_sent);

	if (n > 0)
		run->n_sent += (size_t)n;
	/* EPIPE: it does not want the rest, which is its own affair. */
	if (run->n_sent == request->n_input || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close(&run->input);
}

static void reap(struct run *run)
{
	int status;

	if (run->is_reaped || waitpid(run->pid, &status, WNOHANG) != run->pid)
		return;
	run->is_reaped = true;
	run->ended_ns = clock_monotonic_ns();
	if (WIFEXITED(status))
		run->outcome->exit_status = WEXITSTATUS(status);
	else
		run->outcome->signal = WTERMSIG(status);
}

static bool is_over(struct run *run)
{
	uint64_t now = clock_monotonic_ns();

	reap(run);
	if (run->output < 0 && run->errors < 0 && run->is_reaped)
		return true;
	if (run->is_reaped && now > run->ended_ns + LINGER_NS)
		return true;
	run->outcome->flooded =
		run->outcome->output.dropped + run->outcome->errors.dropped > FLOOD_BYTES;
	run->outcome->timed_out = !run->is_reaped && now >= run->request->deadline_ns;
	return run->outcome->flooded || run->outcome->timed_out;
}

/* A child's end makes no descriptor ready when grandchildren hold the pipes: so look often. */
static void follow(struct run *run)
{
	while (!is_over(run)) {
		struct pollfd wait[] = {
			{ .fd = run->output, .events = POLLIN },
			{ .fd = run->errors, .events = POLLIN },
			{ .fd = run->input, .events = POLLOUT },
		};

		if (poll(wait, ARRAY_LEN(wait), run->output < 0 && run->errors < 0 ? 5 : 50) < 0)
			continue;
		if (wait[0].revents)
			take(run, PROGRESS_STDOUT);
		if (wait[1].revents)
			take(run, PROGRESS_STDERR);
		if (wait[2].revents)
			send(run);
	}
}

/*
 * What the program left behind came to us, its subreaper: kill until nobody is
 * there. A process that forks faster than it is killed ends with the sandbox.
 */
static void sweep(struct run *run)
{
	(void)kill(-run->pid, SIGKILL);
	for (int i = 0; i < SWEEPS; i++) {
		char text[4096];
		const char *at = text;
		CLEANUP(fd) int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		uint64_t pid;

		text[n > 0 ? n : 0] = '\0';
		while (scan_u64(&at, &pid))
			(void)kill((pid_t)pid, SIGKILL);
		reap(run);
		while (run->is_reaped && waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (run->is_reaped && n <= 0)
			break;
		(void)poll(NULL, 0, 1);
	}
}

static void stop(struct run *run)
{
	fd_close(&run->input);
	fd_close(&run->output);
	fd_close(&run->errors);
	fd_close(&run->failure);
	if (run->pid > 0)
		sweep(run);
}

int run_program(const struct run_request *request, struct run_outcome *outcome, struct error *err)
{
	struct run run = {
		.request = request,
		.outcome = outcome,
		.pid = -1,
		.input = -1,
		.output = -1,
		.errors = -1,
		.failure = -1,
	};
	uint64_t started_ns = clock_monotonic_ns();
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int r;

	outcome->exit_status = -1;
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = start(&run, err);
	if (r == 0)
		follow(&run);
	stop(&run);
	outcome->elapsed_ns = clock_monotonic_ns() - started_ns;
	return r;
}
