#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/step.h"
#include "kernel/program/life/record_internal.h"

#define CLIENT_TIMEOUT_S 5 /* for one record, so that nobody stops the clock */

struct entry {
	struct guardian_record record;
	int fd;
};

struct hold {
	struct entry entries[GUARDIAN_MAX_ENTRIES];
	size_t n;
	int listener, client, timer;
};

uint64_t guardian_now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		abort();
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void drop(struct hold *hold, size_t number)
{
	close(hold->entries[number].fd);
	hold->entries[number] = hold->entries[--hold->n];
}

static void drop_expired(struct hold *hold)
{
	uint64_t now_ns = guardian_now_ns();

	/* Links first of all: a program whose link is closed no longer runs. */
	for (size_t i = hold->n; i-- > 0;)
		if (hold->entries[i].record.expires_ns <= now_ns)
			drop(hold, i);
}

static void drop_client(struct hold *hold)
{
	fd_close(&hold->client);
	for (size_t i = hold->n; i-- > 0;)
		if (!hold->entries[i].record.keeps)
			drop(hold, i);
}

static void set_timer(const struct hold *hold)
{
	struct itimerspec when = { 0 };
	uint64_t next_ns = UINT64_MAX;

	for (size_t i = 0; i < hold->n; i++)
		if (hold->entries[i].record.expires_ns < next_ns)
			next_ns = hold->entries[i].record.expires_ns;
	if (next_ns != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(next_ns / NS_PER_SEC);
		when.it_value.tv_nsec = (long)(next_ns % NS_PER_SEC) | 1;
	}
	if (timerfd_settime(hold->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		abort();
}

static int answer(const struct hold *hold, enum guardian_verb verb)
{
	struct guardian_record record = { .verb = verb };

	return record_send(hold->client, &record, -1);
}

static int list(const struct hold *hold)
{
	int r = 0;

	for (size_t i = 0; i < hold->n && r == 0; i++) {
		struct guardian_record record = hold->entries[i].record;

		record.verb = GUARDIAN_ENTRY;
		r = record_send(hold->client, &record, hold->entries[i].fd);
	}
	return r < 0 ? r : answer(hold, GUARDIAN_DONE);
}

/* Takes the descriptor over if it holds it. */
static int keep(struct hold *hold, const struct guardian_record *record, int *fd)
{
	if (hold->n == GUARDIAN_MAX_ENTRIES || *fd < 0)
		return answer(hold, GUARDIAN_REFUSED);
	hold->entries[hold->n++] = (struct entry) { *record, fd_take(fd) };
	step_reached("guardian-held");
	return answer(hold, GUARDIAN_DONE);
}

static int change(struct hold *hold, const struct guardian_record *record)
{
	for (size_t i = hold->n; i-- > 0;) {
		if (hold->entries[i].record.id != record->id)
			continue;
		if (record->verb == GUARDIAN_RENEW)
			hold->entries[i].record.expires_ns = record->expires_ns;
		else
			drop(hold, i);
	}
	step_reached(record->verb == GUARDIAN_RENEW ? "guardian-renewed" : "guardian-released");
	return answer(hold, GUARDIAN_DONE);
}

static void serve_client(struct hold *hold)
{
	struct guardian_record record;
	CLEANUP(fd) int fd = -1;
	int r = record_receive(hold->client, &record, &fd);

	if (r == 0 && record.verb == GUARDIAN_HOLD)
		r = keep(hold, &record, &fd);
	else if (r == 0 && record.verb == GUARDIAN_LIST)
		r = list(hold);
	else if (r == 0 && (record.verb == GUARDIAN_RENEW || record.verb == GUARDIAN_RELEASE))
		r = change(hold, &record);
	else
		r = -EBADMSG;
	if (r < 0)
		drop_client(hold);
}

static void accept_client(struct hold *hold)
{
	static const struct timeval timeout = { .tv_sec = CLIENT_TIMEOUT_S };
	CLEANUP(fd) int fd = accept4(hold->listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    peer.uid != geteuid())
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	hold->client = fd_take(&fd);
}

static int turn(struct hold *hold)
{
	/* A new client waits until the old one is known to be gone. */
	struct pollfd polls[] = {
		{ .fd = hold->client, .events = POLLIN },
		{ .fd = hold->client < 0 ? hold->listener : -1, .events = POLLIN },
		{ .fd = hold->timer, .events = POLLIN },
	};

	set_timer(hold);
	if (poll(polls, ARRAY_LEN(polls), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	drop_expired(hold);
	if (polls[0].revents)
		serve_client(hold);
	else if (polls[1].revents)
		accept_client(hold);
	return 0;
}

int guardian_serve(int listener, struct error *err)
{
	static struct hold hold; /* too large for a stack; this process has one */
	int r = 0;

	hold.listener = listener;
	hold.client = -1;
	hold.timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hold.timer < 0)
		return error_errno(err, "make a clock");
	accept_client(&hold); /* whoever started it */
	while (r == 0 && (hold.n || hold.client >= 0))
		r = turn(&hold);
	fd_close(&hold.timer);
	return r < 0 ? error_set(err, r, "wait: %s", strerrordesc_np(-r)) : 0;
}
