#include "cli/ask/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/ask/interrupt.h"

#define INVESTIGATOR_FD 3
#define PROGRAM "constable-investigator"

/* Its own group: the terminal's Ctrl-C is for us, we tell it what it has to know. */
static void exec_child(const struct cli *cli, const char *option, const char *value)
{
	char path[4096];
	const char *args[] = { PROGRAM,     "--knowledge", cli->knowledge, "--skills",
			       cli->skills, option,        value,          NULL };

	text_format(path, sizeof(path), "%s/%s", cli->executables, PROGRAM);
	(void)setpgid(0, 0);
	interrupt_forget();
	(void)execv(path, (char *const *)(const void *)args);
	(void)fprintf(stderr, "%s: cannot run '%s': %s\n", PROGRAM, path, strerrordesc_np(errno));
	_exit(127);
}

/* And nothing else: what our caller left open is not for it to hold, or to read. */
static void give_descriptor(int fd)
{
	if (fd == INVESTIGATOR_FD ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, INVESTIGATOR_FD) < 0)
		_exit(127);
	if (close_range(INVESTIGATOR_FD + 1, ~0U, 0) < 0)
		_exit(127);
}

pid_t child_start(const struct cli *cli, int *fd_out, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	pid = fork();
	if (pid == 0) {
		give_descriptor(ends[1]);
		exec_child(cli, NULL, NULL);
	}
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return error_errno(err, "start the investigator");
	}
	*fd_out = ends[0];
	return pid;
}

/* What it says on standard error is the sentence for our caller. */
static int wait_for_end(pid_t pid, int errors_fd, struct error *err)
{
	CLEANUP(buf) struct buf words = { 0 };
	const char *text, *colon;
	int status = 0;
	int r;

	buf_init(&words, ERROR_TEXT_BYTES);
	r = buf_read_fd(&words, errors_fd);
	(void)waitpid(pid, &status, 0);
	if (r == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	text = buf_text(&words);
	colon = strstr(text, ": ");
	text = colon ? colon + 2 : "the investigator was killed";
	return error_set(err, -EBADMSG, "%.*s", (int)strcspn(text, "\n"), text);
}

int child_run(const struct cli *cli, const char *option, const char *value, struct buf *output,
	      struct error *err)
{
	CLEANUP(fd) int errors_fd = -1;
	int out[2], errors[2], r;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	if (pipe2(errors, O_CLOEXEC) < 0) {
		r = error_errno(err, "make a pipe");
		fd_close(&out[0]);
		fd_close(&out[1]);
		return r;
	}
	pid = fork();
	if (pid == 0) {
		if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(errors[1], STDERR_FILENO) < 0)
			_exit(127);
		exec_child(cli, option, value);
	}
	fd_close(&out[1]);
	fd_close(&errors[1]);
	errors_fd = errors[0];
	r = pid < 0 ? -EAGAIN : buf_read_fd(output, out[0]);
	fd_close(&out[0]);
	if (pid < 0)
		return error_set(err, r, "start the investigator");
	if (wait_for_end(pid, errors_fd, err) < 0)
		return err->code;
	return r < 0 ? error_set(err, r, "hear the investigator: %s", strerrordesc_np(-r)) : 0;
}
