#include "server/store/child_internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "server/store/wire.h"

/* As much as the socket takes: what the child reads at once is one transaction. */
#define STREAM_BYTES (256 * KIB)

int child_open_keeper(struct keeper *keeper, const char *executables, struct error *err)
{
	/* Where libpq finds certificates and a password file, and nothing that is ours. */
	static const char *const variables[] = { "PG", "HOME=", NULL };
	const struct keeper_config config = {
		.executables = executables,
		.program = "constable-store",
		.variables = variables,
	};

	return keeper_open(keeper, &config, err);
}

int child_start(struct child *child, struct event_base *base, const struct keeper *keeper,
		struct error *err)
{
	CLEANUP(fd) int fd = -1;
	pid_t pid = keeper_start(keeper, &fd, err);

	if (pid < 0)
		return pid;
	child->pid = pid;
	if (evutil_make_socket_nonblocking(fd) < 0)
		return error_errno(err, "make a socket not block");
	child->stream = bufferevent_socket_new(base, fd_take(&fd), BEV_OPT_CLOSE_ON_FREE);
	if (!child->stream)
		abort();
	(void)bufferevent_priority_set(child->stream, 0);
	(void)bufferevent_set_max_single_read(child->stream, STREAM_BYTES);
	(void)bufferevent_set_max_single_write(child->stream, STREAM_BYTES);
	return 0;
}

size_t child_next_message(const struct child *child)
{
	struct evbuffer *input = bufferevent_get_input(child->stream);
	size_t len = evbuffer_get_length(input);
	uint32_t size;

	if (evbuffer_copyout(input, &size, sizeof(size)) < (ev_ssize_t)sizeof(size))
		return 0;
	if (size > WIRE_MAX_BYTES)
		return sizeof(size); /* which is found wanting */
	return len - sizeof(size) < size ? 0 : sizeof(size) + size;
}

static void close_stream(struct child *child)
{
	/* The loop may never run again, and only there is the socket closed. */
	if (child->stream) {
		(void)shutdown(bufferevent_getfd(child->stream), SHUT_RDWR);
		bufferevent_free(child->stream);
	}
	child->stream = NULL;
}

void child_kill(struct child *child, const struct keeper *keeper)
{
	close_stream(child);
	if (child->pid > 0)
		keeper_kill(keeper);
}

bool child_reap(struct child *child)
{
	if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == 0)
		return false;
	child->pid = 0;
	return true;
}

/* Reads, so that it does not wait for us, until it has closed its end. */
static void drain(int fd, uint64_t patience_ns)
{
	uint64_t end_ns = clock_monotonic_ns() + patience_ns, now_ns = clock_monotonic_ns();
	char bytes[4096];

	(void)shutdown(fd, SHUT_WR);
	for (; now_ns < end_ns; now_ns = clock_monotonic_ns()) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&poll_fd, 1, (int)((end_ns - now_ns) / NS_PER_MS + 1)) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

/* The socket closes while it exits, so the last wait is short. */
void child_finish(struct child *child, const struct keeper *keeper, uint64_t patience_ns)
{
	if (child->stream)
		drain(bufferevent_getfd(child->stream), patience_ns);
	child_kill(child, keeper);
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
