#include "courier/courier.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"
#include "courier/call_internal.h"
#include "net/url.h"

#define REAP_MS 20

static void set_timer(struct event *event, uint64_t ns)
{
	const struct timeval wait = { (time_t)(ns / NS_PER_SEC),
				      (suseconds_t)(ns % NS_PER_SEC / 1000) };

	(void)event_add(event, &wait);
}

void courier_close_child(struct courier *courier)
{
	if (courier->stream)
		bufferevent_free(courier->stream);
	courier->stream = NULL;
	courier->is_stale = false;
	if (courier->pid > 0)
		set_timer(&courier->reap, REAP_MS * NS_PER_MS);
}

static void handle_reap(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct courier *courier = data;

	if (courier->stream || courier->pid <= 0)
		return;
	if (waitpid(courier->pid, NULL, WNOHANG) == 0)
		set_timer(&courier->reap, REAP_MS * NS_PER_MS);
	else
		courier->pid = 0;
}

/* One whose socket is closed: it is ending by itself, so this does not wait for long. */
static void kill_child(struct courier *courier)
{
	if (courier->pid <= 0)
		return;
	if (waitpid(courier->pid, NULL, WNOHANG) == 0) {
		keeper_kill(&courier->keeper);
		(void)waitpid(courier->pid, NULL, 0);
	}
	courier->pid = 0;
}

static void lose_child(struct courier *courier, const char *why)
{
	struct error err = { 0 };

	(void)error_set(&err, -EIO,
			"constable-courier: %s; whether the request arrived is not known", why);
	log_warn("constable-courier: %s", why);
	courier_close_child(courier);
	call_fail_all(courier, &err);
}

static bool take_stale(struct courier *courier, const struct parcel *parcel)
{
	if (parcel->type != PARCEL_STALE)
		return false;
	courier->is_stale = true;
	courier_rest(courier);
	return true;
}

/* The size of the message in front, 0 while it is not there whole. */
static size_t next_message(struct evbuffer *input)
{
	size_t len = evbuffer_get_length(input);
	uint32_t size;

	if (evbuffer_copyout(input, &size, sizeof(size)) < (ev_ssize_t)sizeof(size))
		return 0;
	if (size > PARCEL_MAX_BYTES)
		return sizeof(size); /* which is found wanting */
	return len - sizeof(size) < size ? 0 : sizeof(size) + size;
}

static void handle_readable(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct courier *courier = data;
	size_t size;

	while (courier->stream == stream && (size = next_message(input)) > 0) {
		const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
		struct parcel parcel;
		bool good = parcel_decode(bytes, size, &parcel) == (ssize_t)size;

		if (good && !take_stale(courier, &parcel))
			good = call_take(courier, &parcel) == 0;
		if (!good)
			lose_child(courier, "it talked nonsense");
		else if (courier->stream == stream)
			(void)evbuffer_drain(input, size);
	}
}

static void handle_end(struct bufferevent *stream UNUSED, short what UNUSED, void *data)
{
	lose_child(data, "it ended");
}

int courier_wake(struct courier *courier, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	pid_t pid;

	(void)event_del(&courier->idle);
	if (courier->stream)
		return 0;
	kill_child(courier);
	pid = keeper_start(&courier->keeper, &fd, err);
	if (pid < 0)
		return pid;
	courier->pid = pid;
	if (evutil_make_socket_nonblocking(fd) < 0)
		return error_errno(err, "make a socket not block");
	courier->stream =
		bufferevent_socket_new(courier->base, fd_take(&fd), BEV_OPT_CLOSE_ON_FREE);
	if (!courier->stream)
		abort();
	bufferevent_setcb(courier->stream, handle_readable, NULL, handle_end, courier);
	(void)bufferevent_enable(courier->stream, EV_READ | EV_WRITE);
	return 0;
}

static void wipe(const void *bytes, size_t len, void *memory)
{
	explicit_bzero((void *)(uintptr_t)bytes, len);
	free(memory);
}

void courier_send(struct courier *courier, struct buf *message)
{
	struct evbuffer *output = bufferevent_get_output(courier->stream);

	if (evbuffer_add_reference(output, message->data, message->len, wipe, message->data) < 0)
		abort();
}

void courier_rest(struct courier *courier)
{
	if (courier->n_open || !courier->stream)
		return;
	if (courier->is_stale)
		courier_close_child(courier);
	else
		set_timer(&courier->idle, courier->idle_ns);
}

static void handle_idle(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct courier *courier = data;

	if (!courier->n_open)
		courier_close_child(courier);
}

static void handle_deliver(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	call_deliver(data);
}

static int check_proxy(const char *proxy, struct error *err)
{
	CLEANUP(url) struct url url = { 0 };
	int r = proxy ? url_parse(proxy, strlen(proxy), &url, err) : 0;

	if (r == 0 && proxy && url.scheme != URL_HTTP)
		r = error_set(err, -EINVAL, "a proxy is http://[user:password@]host:port");
	return r < 0 ? error_wrap(err, "the proxy") : 0;
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

struct courier *courier_new(struct event_base *base, const struct courier_config *config,
			    struct error *err)
{
	const struct keeper_config starts = {
		.executables = config->executables,
		.program = "constable-courier",
	};
	struct sigaction pipe = { 0 };
	struct courier *courier;

	assert(sigaction(SIGPIPE, NULL, &pipe) == 0 && pipe.sa_handler != SIG_DFL);
	if (check_proxy(config->proxy, err) < 0)
		return NULL;
	courier = calloc(1, sizeof(*courier));
	if (!courier)
		abort();
	courier->base = base;
	courier->idle_ns = config->idle_ns ? config->idle_ns : COURIER_IDLE_NS;
	courier->proxy = copy(config->proxy);
	courier->no_proxy = copy(config->no_proxy);
	TAILQ_INIT(&courier->calls);
	(void)evtimer_assign(&courier->idle, base, handle_idle, courier);
	(void)evtimer_assign(&courier->reap, base, handle_reap, courier);
	(void)evtimer_assign(&courier->deliver, base, handle_deliver, courier);
	if (keeper_open(&courier->keeper, &starts, err) == 0)
		return courier;
	courier_free(courier);
	return NULL;
}

void courier_free(struct courier *courier)
{
	if (!courier)
		return;
	while (!TAILQ_EMPTY(&courier->calls))
		call_free(TAILQ_FIRST(&courier->calls));
	courier_close_child(courier);
	kill_child(courier);
	(void)event_del(&courier->idle);
	(void)event_del(&courier->reap);
	(void)event_del(&courier->deliver);
	keeper_close(&courier->keeper);
	if (courier->proxy)
		explicit_bzero(courier->proxy, strlen(courier->proxy)); /* it may hold a password */
	free(courier->proxy);
	free(courier->no_proxy);
	free(courier);
}

void courier_cleanup(struct courier **courier)
{
	courier_free(TAKE(*courier));
}

unsigned courier_n_open(const struct courier *courier)
{
	return courier->n_open;
}
