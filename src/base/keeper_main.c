/*
 * constable-keeper PROGRAM, with a socket as standard input: see base/keeper.h. Exit status: 0
 * when who asks is gone; 1 it failed; 2 wrong use.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/keeper.h"

#define ASKER_FD STDIN_FILENO
#define NAME_BYTES 16 /* of a process, for the kernel */

struct program {
	const char *path;
	char *name;
	int fd;
};

/* With CLONE_PARENT it is the asker's child: the asker waits for it. */
static pid_t start(const struct program *program, int its, int ours)
{
	char *const argv[] = { program->name, NULL };
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid != 0)
		return pid < 0 ? -errno : (pid_t)pid;
	(void)close(ours);
	if (dup2(its, STDIN_FILENO) == STDIN_FILENO) {
		(void)syscall(SYS_execveat, program->fd, "", argv, environ, AT_EMPTY_PATH);
		/* An emulator may not know the other call. */
		(void)execve(program->path, argv, environ);
	}
	_exit(127); /* which the asker sees as the end of its socket */
}

static int handle_start(int server, const struct program *program, pid_t *last)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fd_pass(server, -errno, -1);
	CLEANUP(fd) int ours = ends[0];
	CLEANUP(fd) int its = ends[1];

	*last = start(program, its, ours);
	return fd_pass(server, *last, *last > 0 ? ours : -1);
}

/* The server has not waited for it yet, so the pid is no other's. */
static int handle_kill(int server, pid_t last)
{
	int r = last > 0 && kill(last, SIGKILL) < 0 ? -errno : 0;

	return fd_pass(server, r, -1);
}

static int keep(int server, const struct program *program)
{
	pid_t last = 0;
	char letter;
	int r = 0;

	while (r == 0 && recv(server, &letter, 1, 0) == 1) {
		if (letter == KEEPER_START)
			r = handle_start(server, program, &last);
		else
			r = handle_kill(server, last);
	}
	return r;
}

/* "constable-store" has a store-keeper. */
static void name_process(const char *program)
{
	char name[NAME_BYTES];
	const char *dash = strchr(program, '-');

	text_format(name, sizeof(name), "%.8s-keeper", dash ? dash + 1 : program);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };
	struct program program = { .fd = -1 };
	char *slash = argc == 2 ? strrchr(argv[1], '/') : NULL;

	if (!slash) {
		(void)fputs("usage: constable-keeper PROGRAM, by constable-server\n", stderr);
		return 2;
	}
	program.path = argv[1];
	program.name = slash + 1;
	program.fd = open(program.path, O_PATH | O_CLOEXEC);
	if (program.fd < 0)
		return 1;
	name_process(program.name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	return keep(ASKER_FD, &program) < 0;
}
