#include "call/frame.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/test.h"

TEST(a_frame_survives_the_round_trip_in_pieces)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:i}", "type", "call", "id", 7);
	CLEANUP(buf) struct buf wire = { 0 };
	CLEANUP(frame) struct frame frame = { 0 };
	struct error err = { 0 };

	buf_init(&wire, MIB);
	frame_encode(header, "a\0b", 3, &wire);
	for (size_t n = 0; n < wire.len; n++)
		CHECK_INT(frame_decode(wire.data, n, &frame, &err), 0);
	CHECK_INT(frame_decode(wire.data, wire.len, &frame, &err), wire.len);
	CHECK_INT(json_get_int(frame.header, "id", 0), 7);
	CHECK_INT(frame.n_body, 3);
	CHECK(memcmp(frame.body, "a\0b", 4) == 0);
}

TEST(a_frame_beyond_the_bounds_is_refused_before_it_is_read)
{
	struct frame frame = { 0 };
	struct error err = { 0 };

	CHECK_INT(frame_decode("\xff\xff\xff\xff\0\0\0\0", 8, &frame, &err), -E2BIG);
	CHECK_INT(frame_decode("\1\0\0\0\xff\xff\xff\xff", 8, &frame, &err), -E2BIG);
}

TEST(a_header_that_is_no_object_is_refused)
{
	struct frame frame = { 0 };
	struct error err = { 0 };

	CHECK_INT(frame_decode("\2\0\0\0\0\0\0\0[]", 10, &frame, &err), -EBADMSG);
	CHECK_INT(frame_decode("\2\0\0\0\0\0\0\0{x", 10, &frame, &err), -EBADMSG);
}

/* A byte every few milliseconds, for longer than anybody waits. */
static void *send_slowly(void *data)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	const int *fd = data;

	while (send(*fd, "\1", 1, MSG_NOSIGNAL) == 1)
		(void)nanosleep(&pause, NULL);
	return NULL;
}

TEST(a_frame_has_one_time_however_it_comes)
{
	struct frame frame = { 0 };
	struct error err = { 0 };
	uint64_t began_ns = clock_monotonic_ns();
	pthread_t sender;
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	CHECK(send(ends[1], "\0\1\0\0\0\0\0\0", 8, 0) == 8); /* of 256 bytes */
	CHECK_INT(pthread_create(&sender, NULL, send_slowly, &ends[1]), 0);
	CHECK_INT(frame_read_within(ends[0], 100 * NS_PER_MS, &frame, &err), -ETIMEDOUT);
	CHECK(clock_monotonic_ns() - began_ns >= 100 * NS_PER_MS);
	fd_close(&ends[0]);
	(void)pthread_join(sender, NULL);
	fd_close(&ends[1]);
}

TEST(a_server_takes_one_whole_frame_from_its_client)
{
	CLEANUP(frame) struct frame frame = { 0 };
	struct error err = { 0 };
	CLEANUP(fd) int server = -1, client = -1;
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	server = ends[0];
	client = ends[1];
	CHECK(send(client, "\2\0\0\0\1\0\0\0{}x", 11, 0) == 11);
	CHECK_OK(frame_read_within(server, 10 * NS_PER_SEC, &frame, &err), err);
	CHECK(json_is_object(frame.header) && frame.n_body == 1 && frame.body[0] == 'x');
	frame_finish(&frame);
	CHECK(send(client, "\2\0\0\0\0\0\0\0{}x", 11, 0) == 11);
	CHECK_INT(frame_read_within(server, 10 * NS_PER_SEC, &frame, &err), -EBADMSG);
	fd_close(&client);
	CHECK_INT(frame_read_within(server, 10 * NS_PER_SEC, &frame, &err), -EPIPE);
}
