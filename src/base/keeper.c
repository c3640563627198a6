#include "base/keeper.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"

#define MAX_VARIABLES 64
#define PATIENCE_MS 10000

static bool is_wanted(const char *variable, const char *const *wanted)
{
	for (; wanted && *wanted; wanted++)
		if (strncmp(variable, *wanted, strlen(*wanted)) == 0)
			return true;
	return false;
}

static void choose_environment(const char *const *wanted, char *chosen[MAX_VARIABLES + 1])
{
	size_t n = 0;

	for (char **variable = environ; *variable && n < MAX_VARIABLES; variable++)
		if (is_wanted(*variable, wanted))
			chosen[n++] = *variable;
	chosen[n] = NULL;
}

static int spawn(const struct keeper_config *config, int fd, pid_t *pid_out, struct error *err)
{
	CLEANUP(text) char *path = NULL;
	CLEANUP(text) char *program = NULL;
	char *environment[MAX_VARIABLES + 1], name[] = "constable-keeper";
	posix_spawn_file_actions_t actions;
	int r;

	if (asprintf(&path, "%s/constable-keeper", config->executables) < 0 ||
	    asprintf(&program, "%s/%s", config->executables, config->program) < 0 ||
	    posix_spawn_file_actions_init(&actions) != 0)
		abort();
	choose_environment(config->variables, environment);
	r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn(pid_out, path, &actions, NULL,
				(char *const[]) { name, program, NULL }, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : error_set(err, -r, "start '%s': %s", path, strerrordesc_np(r));
}

int keeper_open(struct keeper *keeper, const struct keeper_config *config, struct error *err)
{
	CLEANUP(fd) int ours = -1;
	CLEANUP(fd) int its = -1;
	int ends[2], r;

	*keeper = (struct keeper) { .program = config->program, .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	ours = ends[0];
	its = ends[1];
	r = spawn(config, its, &keeper->pid, err);
	if (r < 0) {
		keeper->pid = 0;
		return r;
	}
	keeper->fd = fd_take(&ours);
	return 0;
}

void keeper_close(struct keeper *keeper)
{
	if (keeper->pid == 0)
		return;
	fd_close(&keeper->fd); /* at which it ends */
	(void)waitpid(keeper->pid, NULL, 0);
	keeper->pid = 0;
}

/* -EPIPE where it is gone or does not answer: both are the end of it. */
static int ask(const struct keeper *keeper, enum keeper_request request, int *fd_out)
{
	char letter = (char)request;
	int64_t value;

	if (send(keeper->fd, &letter, 1, MSG_NOSIGNAL) != 1) {
		(void)shutdown(keeper->fd, SHUT_RDWR);
		return -EPIPE;
	}
	return fd_pass_receive(keeper->fd, PATIENCE_MS, &value, fd_out) < 0 ? -EPIPE : (int)value;
}

pid_t keeper_start(const struct keeper *keeper, int *fd_out, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	int r = ask(keeper, KEEPER_START, &fd);

	if (r == -EPIPE)
		return error_set(err, r, "what starts %s has ended", keeper->program);
	if (r <= 0 || fd < 0)
		return error_set(err, r < 0 ? r : -EIO, "start %s: %s", keeper->program,
				 strerrordesc_np(r < 0 ? -r : EIO));
	*fd_out = fd_take(&fd);
	return r;
}

void keeper_kill(const struct keeper *keeper)
{
	CLEANUP(fd) int fd = -1;

	(void)ask(keeper, KEEPER_KILL, &fd);
}

bool keeper_is_gone(const struct keeper *keeper)
{
	char letter;

	return recv(keeper->fd, &letter, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}
