#include "remote/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define TAIL_BYTES 2048

static int open_log(const struct helper *helper, struct error *err)
{
	int fd = open(helper->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? error_errno(err, "write '%s'", helper->log) : fd;
}

static void become(const struct helper_user *user)
{
	if (!user->is_other)
		return;
	if (setgroups(1, &user->gid) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		_exit(126);
}

static void run(const struct helpers *helpers, const char *const *argv,
		const struct helper_user *user, int log)
{
	char path[HELPER_PATH_BYTES];
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	text_format(path, sizeof(path), "%s/%s", helpers->executables, argv[0]);
	(void)setpgid(0, 0);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	become(user);
	/* After the change of user, which clears it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)execv(path, (char *const *)(const void *)argv);
	_exit(127);
}

int helpers_start(struct helpers *helpers, const char *const *argv, const struct helper_user *user,
		  struct error *err)
{
	struct helper *helper = &helpers->list[helpers->n];
	CLEANUP(fd) int log = -1;

	if (helpers->n == HELPERS_MAX)
		return error_set(err, -E2BIG, "too many programs to keep running");
	helper->name = argv[0];
	text_format(helper->log, sizeof(helper->log), "%s/%s.log", helpers->logs, argv[0]);
	log = open_log(helper, err);
	if (log < 0)
		return log;
	helper->pid = fork();
	if (helper->pid < 0)
		return error_errno(err, "start '%s'", argv[0]);
	if (helper->pid == 0)
		run(helpers, argv, user, log);
	helpers->n++;
	return 0;
}

/* The last line that says something. */
static void read_last_line(const char *path, char line[TAIL_BYTES])
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t len = 0;
	char *at;

	if (size > 0)
		len = pread(fd, line, TAIL_BYTES - 1,
			    size < TAIL_BYTES ? 0 : size - TAIL_BYTES + 1);
	line[len > 0 ? len : 0] = '\0';
	while ((at = strrchr(line, '\n')) && !at[1])
		*at = '\0';
	if (at)
		memmove(line, at + 1, strlen(at + 1) + 1);
}

int helpers_check(struct helpers *helpers, struct error *err)
{
	char line[TAIL_BYTES];

	for (unsigned i = 0; i < helpers->n; i++) {
		struct helper *helper = &helpers->list[i];

		if (helper->pid <= 0 || waitpid(helper->pid, NULL, WNOHANG) != helper->pid)
			continue;
		helper->pid = 0;
		read_last_line(helper->log, line);
		return error_set(err, -ECHILD, "%s has ended (%s); its log is %s", helper->name,
				 *line ? line : "without a word", helper->log);
	}
	return 0;
}

static void stop(struct helper *helper)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	uint64_t until_ns = clock_monotonic_ns() + HELPER_END_NS;

	if (helper->pid <= 0)
		return;
	(void)kill(helper->pid, SIGTERM);
	while (waitpid(helper->pid, NULL, WNOHANG) == 0) {
		if (clock_monotonic_ns() > until_ns)
			(void)kill(helper->pid, SIGKILL);
		(void)nanosleep(&pause, NULL);
	}
	helper->pid = 0;
}

void helpers_stop(struct helpers *helpers)
{
	while (helpers->n)
		stop(&helpers->list[--helpers->n]);
}
