#include "tools/network/connect.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

const char *connect_verdict_name(enum connect_verdict verdict)
{
	static const char *const names[] = { "ok",          "refused", "timeout",
					     "unreachable", "reset",   "failed" };

	return names[verdict];
}

int connect_wait(int fd, short events, uint64_t until_ns)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = events };
		uint64_t now = clock_monotonic_ns();
		int r;

		if (now >= until_ns)
			return -ETIMEDOUT;
		r = poll(&wait, 1, (int)((until_ns - now) / NS_PER_MS) + 1);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static enum connect_verdict verdict_of(int code)
{
	switch (code) {
	case 0:
		return CONNECT_OK;
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMEOUT;
	case ECONNRESET:
		return CONNECT_RESET;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case ENETDOWN:
		return CONNECT_UNREACHABLE;
	default:
		return CONNECT_FAILED;
	}
}

static int connect_fd(int fd, const struct sockaddr *address, socklen_t len, uint64_t until_ns)
{
	int code = 0, r;
	socklen_t code_len = sizeof(code);

	if (connect(fd, address, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	r = connect_wait(fd, POLLOUT, until_ns);
	if (r < 0)
		return -r;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &code_len) < 0 ? errno : code;
}

void connect_try(const struct sockaddr *address, socklen_t len, uint64_t timeout_ns,
		 struct connect_attempt *attempt_out)
{
	uint64_t start_ns = clock_monotonic_ns();
	CLEANUP(fd)
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*attempt_out = (struct connect_attempt) { .fd = -1 };
	attempt_out->code = fd < 0 ? errno : connect_fd(fd, address, len, start_ns + timeout_ns);
	attempt_out->verdict = verdict_of(attempt_out->code);
	attempt_out->latency_ns = clock_monotonic_ns() - start_ns;
	if (attempt_out->verdict == CONNECT_OK)
		attempt_out->fd = fd_take(&fd);
}
