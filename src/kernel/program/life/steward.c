#include "kernel/program/life/keys_internal.h"
#include "kernel/program/life/steward.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/log.h"
#include "base/step.h"
#include "call/frame.h"
#include "kernel/program/life/steward_internal.h"

#define CLIENT_TIMEOUT_S 5 /* for a frame, however it comes */
#define N_OWN 4            /* what is watched beside the clients */
#define IDLE_NS (10 * NS_PER_SEC)

static json_t *answer(struct steward *steward, const struct frame *frame, bool may_change,
		      char **log_out, struct error *err)
{
	const char *ask = json_get_text(frame->header, "ask", "");
	CLEANUP(json) json_t *args = NULL;

	if (strcmp(ask, "list") == 0)
		return steward_list(steward);
	if (!may_change) {
		error_set(err, -EPERM, "this call may only list the programs");
		return NULL;
	}
	args = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, err);
	if (!args)
		return NULL;
	if (strcmp(ask, "apply") == 0)
		return steward_apply(steward, args, log_out, err);
	if (strcmp(ask, "set") == 0)
		return steward_tune(steward, args, err);
	if (strcmp(ask, "remove") == 0)
		return steward_remove(steward, args, err);
	if (strcmp(ask, "rollback") == 0)
		return steward_roll_back_by(steward, args, err);
	if (strcmp(ask, "release") == 0)
		return steward_release(steward, args, err);
	error_set(err, -EINVAL, "no such question");
	return NULL;
}

/* The asker is a sandboxed job: nothing in its frame is trusted. */
static int serve_client(struct steward *steward, int fd, bool may_change, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(json) json_t *header = json_object();
	CLEANUP(text) char *text = NULL, *log = NULL;
	struct error why = { 0 };

	if (frame_read_within(fd, CLIENT_TIMEOUT_S * NS_PER_SEC, &frame, err) < 0)
		return err->code;
	body = answer(steward, &frame, may_change, &log, &why);
	if (!body)
		body = json_object();
	if (log)
		json_put(body, "log", json_text(log, strlen(log)));
	json_put(header, "code", json_integer(why.code));
	if (why.code)
		json_put(header, "error", json_text(why.text, strlen(why.text)));
	text = json_canonical(body);
	return frame_write(fd, header, text, strlen(text), err);
}

/* The launcher passes the next steward whom we did not take. */
static void add_client(struct steward *steward, int *fd, bool may_change)
{
	static const struct timeval timeout = { .tv_sec = CLIENT_TIMEOUT_S };
	static const char taken = LAUNCHER_TAKEN;

	step_reached("program-asked");
	if (send(steward->fd, &taken, 1, MSG_NOSIGNAL) != 1)
		return;
	for (size_t i = 0; i < STEWARD_MAX_CLIENTS; i++) {
		if (steward->clients[i] >= 0)
			continue;
		(void)setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		steward->clients[i] = fd_take(fd);
		steward->may_change[i] = may_change;
		return;
	}
}

/* One that comes too late is of no use any more. */
static void take_awaited(struct steward *steward, int *fd)
{
	fd_close(&steward->courier);
	if (steward->is_waiting)
		steward->courier = fd_take(fd);
	steward->is_waiting = false;
}

bool steward_hear_within(struct steward *steward, int timeout_ms)
{
	struct pollfd said = { .fd = steward->fd, .events = POLLIN };
	CLEANUP(fd) int fd = -1;
	int64_t value;

	if (poll(&said, 1, timeout_ms) == 0)
		return false;
	if (fd_pass_receive(steward->fd, 0, &value, &fd) < 0) {
		fd_close(&steward->fd); /* the launcher is gone */
		return false;
	}
	if (value == LAUNCHER_STATISTICS)
		watch_take(steward, fd_take(&fd));
	else if (value < 0 || value == LAUNCHER_NO_PROBER)
		probing_take(steward, value, fd_take(&fd));
	else if (value == LAUNCHER_COURIER || value == LAUNCHER_TOKEN)
		take_awaited(steward, &fd);
	else if (value >= LAUNCHER_CONTACT && fd < 0)
		steward_note_contact(steward, (uint64_t)(value - LAUNCHER_CONTACT));
	else if (fd >= 0)
		add_client(steward, &fd, value != 0);
	return true;
}

static bool has_work(const struct steward *steward)
{
	const json_t *program;
	size_t i;

	/* Who keeps a token alive, and knows what was withdrawn, stays. */
	if (steward->journal.is_behind || steward->vault.is_named)
		return true;
	for (i = 0; i < STEWARD_MAX_CLIENTS; i++)
		if (steward->clients[i] >= 0)
			return true;
	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (!program_state_has_ended(journal_state(program)))
			return true;
	}
	return false;
}

static int timeout_ms(uint64_t until_ns, uint64_t now_ns)
{
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;

	return (int)(left_ns / NS_PER_MS) + 1; /* rounded up */
}

/* UINT64_MAX: never. What poll() counts stands still while the host sleeps. */
static void set_timer(const struct steward *steward, uint64_t next_ns)
{
	struct itimerspec when = { 0 };

	if (next_ns != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(next_ns / NS_PER_SEC);
		when.it_value.tv_nsec = (long)(next_ns % NS_PER_SEC) | 1;
	}
	if (timerfd_settime(steward->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		abort();
}

/* What it held has gone with it. */
static void lose_guardian(struct steward *steward)
{
	struct error err = { 0 };

	guardian_close(&steward->guardian);
	if (steward_reconcile(steward, &err) < 0)
		log_error("%s", err.text);
}

void steward_hear_helpers(struct steward *steward)
{
	/* The guardian says nothing unasked: then it has ended. */
	struct pollfd polls[] = {
		{ steward->guardian.fd, POLLIN, 0 },
		{ steward->probing.fd, POLLIN, 0 },
	};

	if (poll(polls, ARRAY_LEN(polls), 0) <= 0)
		return;
	if (polls[0].revents)
		lose_guardian(steward);
	if (polls[1].revents)
		probing_read(steward);
}

/* False when it may go. */
static bool turn(struct steward *steward)
{
	struct pollfd polls[N_OWN + STEWARD_MAX_CLIENTS] = {
		{ steward->fd, POLLIN, 0 },
	};
	struct error err = { 0 };
	bool has_guardian = steward->guardian.fd >= 0;
	uint64_t next_ns = steward_tend(steward);
	int timeout = -1;

	if (steward->fd < 0)
		return false;
	set_timer(steward, next_ns);
	if (has_work(steward))
		steward->idle_since_ns = clock_monotonic_ns();
	else
		timeout = timeout_ms(steward->idle_since_ns + IDLE_NS, clock_monotonic_ns());
	if (has_guardian && steward->guardian.fd < 0)
		timeout = 0; /* found dead just now */
	polls[1] = (struct pollfd) { steward->guardian.fd, POLLIN, 0 };
	polls[2] = (struct pollfd) { steward->probing.fd, POLLIN, 0 };
	polls[3] = (struct pollfd) { steward->timer, POLLIN, 0 };
	for (size_t i = 0; i < STEWARD_MAX_CLIENTS; i++)
		polls[N_OWN + i] = (struct pollfd) { steward->clients[i], POLLIN, 0 };
	if (poll(polls, ARRAY_LEN(polls), timeout) < 0)
		return errno == EINTR;
	/* First, so that who asks is told what is so. */
	steward_hear_helpers(steward);
	if (polls[1].revents)
		has_guardian = steward->guardian.fd >= 0;
	for (size_t i = 0; i < STEWARD_MAX_CLIENTS; i++) {
		if (polls[N_OWN + i].revents &&
		    serve_client(steward, steward->clients[i], steward->may_change[i], &err) < 0)
			fd_close(&steward->clients[i]);
	}
	if (polls[0].revents)
		(void)steward_hear_within(steward, 0);
	/* Found dead by what was asked. */
	if (has_guardian && steward->guardian.fd < 0)
		lose_guardian(steward);
	return steward->fd >= 0 &&
	       (has_work(steward) || clock_monotonic_ns() < steward->idle_since_ns + IDLE_NS);
}

int steward_serve(int fd, const struct steward_config *config, struct error *err)
{
	struct steward steward = { .config = config, .fd = fd, .guardian.fd = -1, .courier = -1 };
	int r;

	steward.probing.fd = -1;
	steward.timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (steward.timer < 0)
		return error_errno(err, "make a clock");
	steward.idle_since_ns = clock_monotonic_ns();
	watch_init(&steward.watch);
	if (health_limits_parse(config->rollback, &steward.limits, err) < 0)
		return err->code;
	for (size_t i = 0; i < STEWARD_MAX_CLIENTS; i++)
		steward.clients[i] = -1;
	text_format(steward.socket, sizeof(steward.socket), "%s/guardian", config->folder);
	(void)gethostname(steward.host, sizeof(steward.host) - 1);
	r = keys_open(&steward, err);
	if (r == 0)
		r = journal_open(&steward.journal, config->folder, err);
	if (r == 0)
		r = steward_reconcile(&steward, err);
	while (r == 0 && turn(&steward))
		;
	fd_close(&steward.probing.fd);
	watch_finish(&steward.watch);
	guardian_close(&steward.guardian);
	journal_close(&steward.journal);
	fd_close(&steward.timer);
	keys_close(&steward);
	for (size_t i = 0; i < STEWARD_MAX_CLIENTS; i++)
		fd_cleanup(&steward.clients[i]);
	return r;
}
