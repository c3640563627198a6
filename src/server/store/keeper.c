#include "server/store/keeper.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define MAX_VARIABLES 64
#define PATIENCE_MS 10000

/* Where libpq finds certificates and a password file, and nothing that is ours. */
static void choose_environment(char *chosen[MAX_VARIABLES + 1])
{
	size_t n = 0;

	for (char **variable = environ; *variable && n < MAX_VARIABLES; variable++)
		if (strncmp(*variable, "PG", 2) == 0 || strncmp(*variable, "HOME=", 5) == 0)
			chosen[n++] = *variable;
	chosen[n] = NULL;
}

static int spawn(pid_t *pid_out, const char *path, int fd)
{
	char *environment[MAX_VARIABLES + 1];
	char name[] = "constable-store", word[] = "keep";
	char *const argv[] = { name, word, NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	choose_environment(environment);
	r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn(pid_out, path, &actions, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int keeper_open(struct keeper *keeper, const char *executables, struct error *err)
{
	CLEANUP(text) char *path = NULL;
	CLEANUP(fd) int ours = -1;
	CLEANUP(fd) int its = -1;
	int ends[2], r;

	*keeper = (struct keeper) { .fd = -1 };
	if (asprintf(&path, "%s/constable-store", executables) < 0)
		abort();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	ours = ends[0];
	its = ends[1];
	r = spawn(&keeper->pid, path, its);
	if (r < 0) {
		keeper->pid = 0;
		return error_set(err, r, "start '%s': %s", path, strerrordesc_np(-r));
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

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

/* -EPIPE where it is gone or does not answer: both are the end of it. */
static int ask(const struct keeper *keeper, enum keeper_request request, int *fd_out)
{
	char letter = (char)request, room[CMSG_SPACE(sizeof(int))] = "";
	struct keeper_answer answer = { -EPIPE };
	struct iovec bytes = { &answer, sizeof(answer) };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct pollfd ready = { .fd = keeper->fd, .events = POLLIN };

	if (send(keeper->fd, &letter, 1, MSG_NOSIGNAL) != 1 || poll(&ready, 1, PATIENCE_MS) != 1 ||
	    recvmsg(keeper->fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(answer)) {
		(void)shutdown(keeper->fd,
			       SHUT_RDWR); /* a late answer must not be the next one's */
		return -EPIPE;
	}
	*fd_out = take_descriptor(&message);
	return answer.value;
}

pid_t keeper_start(const struct keeper *keeper, int *fd_out, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	int r = ask(keeper, KEEPER_START, &fd);

	if (r == -EPIPE)
		return error_set(err, r, "what starts constable-store has ended");
	if (r <= 0 || fd < 0)
		return error_set(err, r < 0 ? r : -EIO, "start constable-store: %s",
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
