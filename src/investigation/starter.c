#include "investigation/starter.h"

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

#define PATIENCE_MS 20000 /* it reads the whole knowledge first */

static int spawn(pid_t *pid_out, const char *path, int fd)
{
	char name[] = "constable-investigator", word[] = "start";
	char *const argv[] = { name, word, NULL };
	char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn(pid_out, path, &actions, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* -EPIPE where it is gone or does not answer: both are the end of it. */
static int hear(const struct starter *starter, int *fd_out)
{
	int64_t code;

	return fd_pass_receive(starter->fd, PATIENCE_MS, &code, fd_out) < 0 ? -EPIPE : (int)code;
}

static int send_word(const struct starter *starter, enum starter_word word, uint64_t id)
{
	const struct starter_request request = { .id = id, .word = word };

	return send(starter->fd, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request)
		       ? 0
		       : -EPIPE;
}

int starter_open(struct starter *starter, const char *executables, struct error *err)
{
	CLEANUP(text) char *path = NULL;
	CLEANUP(fd) int its = -1;
	CLEANUP(fd) int none = -1;
	int ends[2], r;

	*starter = (struct starter) { .fd = -1 };
	if (asprintf(&path, "%s/constable-investigator", executables) < 0)
		abort();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	starter->fd = ends[0];
	its = ends[1];
	r = spawn(&starter->pid, path, its);
	if (r < 0)
		starter->pid = 0;
	else
		r = hear(starter, &none);
	if (r == 0)
		return 0;
	starter_close(starter);
	return error_set(err, r, "start '%s': %s", path,
			 r == -EPIPE ? "it ended at once" : strerrordesc_np(-r));
}

void starter_close(struct starter *starter)
{
	fd_close(&starter->fd); /* at which it ends */
	if (starter->pid > 0)
		(void)waitpid(starter->pid, NULL, 0);
	starter->pid = 0;
}

int starter_begin(const struct starter *starter, uint64_t id, int *fd_out, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	int r = send_word(starter, STARTER_BEGIN, id);

	if (r == 0)
		r = hear(starter, &fd);
	if (r == -EPIPE)
		return error_set(err, r, "what starts investigators has ended");
	if (r < 0 || fd < 0)
		return error_set(err, r < 0 ? r : -EIO, "start an investigator: %s",
				 strerrordesc_np(r < 0 ? -r : EIO));
	*fd_out = fd_take(&fd);
	return 0;
}

void starter_end(const struct starter *starter, uint64_t id)
{
	(void)send_word(starter, STARTER_END, id); /* gone: so is the investigator */
}

bool starter_is_gone(const struct starter *starter)
{
	char letter;

	return recv(starter->fd, &letter, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}
