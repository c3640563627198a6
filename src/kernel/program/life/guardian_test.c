#include "kernel/program/life/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "kernel/program/life/record_internal.h"

/* What a guardian says once it is asked, before it is: a socket holds it. */
static void answer(int socket, const int fds[], size_t n)
{
	struct guardian_record record = { .verb = GUARDIAN_ENTRY, .id = 1, .kind = GUARDIAN_MAP };

	for (size_t i = 0; i < n; i++) {
		record.number = (uint32_t)i;
		CHECK_INT(record_send(socket, &record, fds[i]), 0);
	}
	record.verb = GUARDIAN_DONE;
	CHECK_INT(record_send(socket, &record, -1), 0);
}

/* As where whoever asks has as many open as it may. */
TEST(a_list_that_lacks_a_descriptor_is_none_and_the_next_is)
{
	CLEANUP(fd) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int fds[] = { null, -1, null };
	struct guardian_item *items = NULL;
	struct guardian guardian;
	struct error err = { 0 };
	int sockets[2];
	size_t n = 0;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	guardian.fd = sockets[0];
	answer(sockets[1], fds, 3);
	answer(sockets[1], fds, 1);
	CHECK_INT(guardian_list(&guardian, &items, &n, &err), -EMFILE);
	CHECK(!items);
	err = (struct error) { 0 };
	CHECK_OK(guardian_list(&guardian, &items, &n, &err), err);
	CHECK_INT(n, 1);
	CHECK(guardian_find(items, n, 1, GUARDIAN_MAP, 0)->fd >= 0);
	guardian_list_free(items, n);
	close(sockets[1]);
	CHECK_INT(guardian_list(&guardian, &items, &n, &err), -EPIPE);
	guardian_close(&guardian);
}
