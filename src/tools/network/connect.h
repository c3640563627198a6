/* One attempt to reach an address by TCP, and what came of it. */
#pragma once

#include <sys/socket.h>

#include "base/json.h"

enum connect_verdict {
	CONNECT_OK,
	CONNECT_REFUSED,
	CONNECT_TIMEOUT,
	CONNECT_UNREACHABLE,
	CONNECT_RESET,
	CONNECT_FAILED,
};

struct connect_attempt {
	enum connect_verdict verdict;
	int code; /* errno, or 0 */
	uint64_t latency_ns;
	int fd; /* the connection if it is ok; the caller's, non-blocking */
};

void connect_try(const struct sockaddr *address, socklen_t len, uint64_t timeout_ns,
		 struct connect_attempt *attempt_out);

const char *connect_verdict_name(enum connect_verdict verdict);

/* Waits until 'fd' is ready for poll's 'events'; 0, -ETIMEDOUT or a negative errno. */
int connect_wait(int fd, short events, uint64_t until_ns) MUST_CHECK;
