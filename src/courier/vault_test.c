/* Vault, asked over the socket of a courier that the test plays. */
#include "courier/vault.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/test.h"
#include "courier/parcel.h"

/* One that answers each question but the first, which it leaves to the second; or says the same for
 * ever. */
struct play {
	int fd;
	struct str drip; /* what it says for ever, a byte at a time; empty: it answers */
	uint64_t ids[2];
};

static uint64_t read_question(int fd)
{
	CLEANUP(buf) struct buf room = { 0 };
	struct parcel parcel = { .id = 0 };
	char text[4096];
	uint32_t size;

	buf_init(&room, sizeof(text));
	if (fd_read_all(fd, &size, sizeof(size)) < 0 || size > sizeof(text) - sizeof(size) ||
	    fd_read_all(fd, text, size) < 0)
		return 0;
	buf_add(&room, &size, sizeof(size));
	buf_add(&room, text, size);
	return parcel_decode(room.data, room.len, &parcel) > 0 ? parcel.id : 0;
}

static void say(int fd, uint64_t id, const char *text)
{
	static const struct parcel_head head = { .head.status = 200 };
	static const struct parcel_end end = { .n_receipts = 0 };
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, 4096);
	parcel_encode_head(&out, id, &head.head);
	parcel_encode_chunk(&out, id, text, strlen(text));
	parcel_encode_end(&out, id, &end);
	(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
}

static void *run(void *data)
{
	struct play *play = data;
	struct pollfd gone = { .fd = play->fd };

	play->ids[0] = read_question(play->fd);
	for (size_t i = 0; play->drip.len; i++) {
		if (send(play->fd, play->drip.data + i % play->drip.len, 1, MSG_NOSIGNAL) != 1)
			return NULL;
		(void)poll(&gone, 1, 1);
	}
	play->ids[1] = read_question(play->fd);
	say(play->fd, play->ids[0], "late");
	say(play->fd, play->ids[1], "right");
	return NULL;
}

static int ask(int fd, uint64_t total_ns, struct buf *body, struct error *err)
{
	const struct vault_request request = {
		.method = "GET",
		.url = "https://vault:8200/v1/secret",
		.token = "t",
		.total_ns = total_ns,
	};
	unsigned status = 0;
	int r = courier_ask_vault(fd, &request, &status, body, err);

	if (r == 0)
		CHECK_INT((int)status, 200);
	return r;
}

TEST(a_late_answer_is_not_taken_for_the_next_one)
{
	CLEANUP(buf) struct buf first = { 0 }, second = { 0 };
	struct play play = { .fd = -1 };
	struct error err = { 0 };
	pthread_t courier;
	int ends[2];

	buf_init(&first, 100);
	buf_init(&second, 100);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	play.fd = ends[1];
	CHECK_INT(pthread_create(&courier, NULL, run, &play), 0);
	CHECK_INT(ask(ends[0], 1, &first, &err), -ETIMEDOUT);
	err = (struct error) { 0 };
	CHECK_OK(ask(ends[0], 10 * NS_PER_SEC, &second, &err), err);
	CHECK_TEXT(buf_text(&second), "right");
	(void)pthread_join(courier, NULL);
	CHECK(play.ids[0] && play.ids[1] && play.ids[0] != play.ids[1]);
	close(ends[0]);
	close(ends[1]);
}

TEST(a_courier_that_talks_for_ever_is_left_in_time)
{
	CLEANUP(buf) struct buf stale = { 0 };

	buf_init(&stale, 100);
	parcel_encode_empty(&stale, 0, PARCEL_STALE);
	for (int i = 0; i < 2; i++) {
		static const char endless[] = { 0, 0, 1, 0 }; /* a message of 64 KiB */
		CLEANUP(buf) struct buf body = { 0 };
		struct play play = {
			.drip = { buf_text(&stale), stale.len },
		};
		uint64_t began_ns = clock_monotonic_ns(), took_ns;
		struct error err = { 0 };
		pthread_t courier;
		int ends[2];

		if (i)
			play.drip = (struct str) { endless, sizeof(endless) };
		buf_init(&body, 100);
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
		play.fd = ends[1];
		CHECK_INT(pthread_create(&courier, NULL, run, &play), 0);
		CHECK_INT(ask(ends[0], 1, &body, &err), -ETIMEDOUT);
		took_ns = clock_monotonic_ns() - began_ns;
		CHECK(took_ns >= NS_PER_SEC && took_ns < 20 * NS_PER_SEC);
		close(ends[0]);
		(void)pthread_join(courier, NULL);
		close(ends[1]);
	}
}
