#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "net/connecting_internal.h"
#include "net/stream_internal.h"

#define NEXT_AFTER_NS (250 * NS_PER_MS)

static void drop_try(struct connecting_try *try)
{
	if (try->fd < 0)
		return;
	(void)event_del(&try->ready);
	fd_close(&try->fd);
}

void connecting_finish(struct connecting *connecting)
{
	if (!connecting->started)
		return;
	for (unsigned i = 0; i < connecting->n_begun; i++)
		drop_try(&connecting->tries[i]);
	(void)event_del(&connecting->next);
	connecting->started = false;
}

static void wait_for_next(struct connecting *connecting, uint64_t wait_ns)
{
	struct timeval wait = stream_timeval(wait_ns);

	(void)event_add(&connecting->next, &wait);
}

static void fail_try(struct connecting_try *try, int code)
{
	struct connecting *connecting = try->connecting;
	const union resolve_address *address = &connecting->to->addresses[try - connecting->tries];
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(address->any.sa_family,
			address->any.sa_family == AF_INET ? (const void *)&address->ipv4.sin_addr
							  : (const void *)&address->ipv6.sin6_addr,
			text, sizeof(text));
	error_set(&connecting->err, -code, "connect to %s port %u: %s", text,
		  ntohs(address->ipv4.sin_port), strerror(code));
	drop_try(try);
	connecting->n_failed++;
	wait_for_next(connecting, 0);
}

static void handle_ready(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct connecting_try *try = data;
	struct connecting *connecting = try->connecting;
	socklen_t len = sizeof(int);
	int code = 0, won;

	if (getsockopt(try->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		code = errno;
	if (code) {
		fail_try(try, code);
		return;
	}
	(void)event_del(&try->ready);
	won = fd_take(&try->fd);
	connecting_finish(connecting);
	connecting->done(connecting, won, NULL);
}

static void begin_try(struct connecting *connecting)
{
	struct connecting_try *try = &connecting->tries[connecting->n_begun];
	const union resolve_address *address = &connecting->to->addresses[connecting->n_begun++];
	const int on = 1;

	try->connecting = connecting;
	try->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (try->fd < 0) {
		fail_try(try, errno);
		return;
	}
	if (event_assign(&try->ready, connecting->base, try->fd, EV_WRITE, handle_ready, try) < 0)
		abort();
	(void)setsockopt(try->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(try->fd, &address->any, resolve_address_len(address)) < 0 &&
	    errno != EINPROGRESS) {
		fail_try(try, errno);
		return;
	}
	(void)event_add(&try->ready, NULL);
}

static void handle_next(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct connecting *connecting = data;

	if (connecting->n_failed == connecting->to->n_addresses) {
		connecting_finish(connecting);
		connecting->done(connecting, -1, &connecting->err);
		return;
	}
	if (connecting->n_begun == connecting->to->n_addresses)
		return;
	wait_for_next(connecting, NEXT_AFTER_NS);
	begin_try(connecting);
}

void connecting_start(struct connecting *connecting, struct event_base *base,
		      const struct resolve *to,
		      void (*done)(struct connecting *connecting, int fd, const struct error *err))
{
	*connecting = (struct connecting) { .base = base, .to = to, .done = done, .started = true };
	if (event_assign(&connecting->next, base, -1, 0, handle_next, connecting) < 0)
		abort();
	wait_for_next(connecting, 0);
}
