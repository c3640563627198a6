#include "base/fd.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/test.h"

TEST(a_socket_with_a_time_of_its_own_ends_a_read)
{
	static const struct timeval soon = { .tv_usec = 10 * 1000 };
	char bytes[2];
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	CHECK_INT(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	CHECK_INT(fd_write_all(ends[1], "a", 1), 0);
	CHECK_INT(fd_read_all(ends[0], bytes, sizeof(bytes)), -ETIMEDOUT);
	close(ends[0]);
	close(ends[1]);
}

TEST(one_that_does_not_block_is_read_to_its_end)
{
	char byte = 0;
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	CHECK_INT(fd_write_all(ends[1], "a", 1), 0);
	CHECK_INT(fd_read_all(ends[0], &byte, 1), 0);
	CHECK_INT(byte, 'a');
	close(ends[1]);
	CHECK_INT(fd_read_all(ends[0], &byte, 1), -EPIPE);
	close(ends[0]);
}
