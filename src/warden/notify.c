#include "warden/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

#define US_PER_SEC UINT64_C(1000000)

/* A path, or a name of the abstract kind, which is written with an '@'. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	CLEANUP(fd) int fd = -1;

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -1;
	return fd_take(&fd);
}

static void handle_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	notify_tell(data, "WATCHDOG=1");
}

static void watch(struct notify *notify, struct event_base *base)
{
	const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t half_us = interval ? strtoull(interval, NULL, 10) / 2 : 0;
	struct timeval every = { .tv_sec = (time_t)(half_us / US_PER_SEC),
				 .tv_usec = (suseconds_t)(half_us % US_PER_SEC) };

	if (!half_us || (pid && strtoll(pid, NULL, 10) != getpid()))
		return;
	notify->watchdog = event_new(base, -1, EV_PERSIST, handle_watchdog, notify);
	if (!notify->watchdog || event_add(notify->watchdog, &every) < 0)
		abort();
}

void notify_init(struct notify *notify, struct event_base *base)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*notify = (struct notify) { .fd = path ? connect_to(path) : -1 };
	if (notify->fd >= 0)
		watch(notify, base);
}

void notify_finish(struct notify *notify)
{
	if (notify->watchdog)
		event_free(notify->watchdog);
	fd_close(&notify->fd);
}

void notify_tell(const struct notify *notify, const char *state)
{
	/* Whether anybody hears it is not ours to mend. */
	if (notify->fd >= 0)
		(void)!write(notify->fd, state, strlen(state));
}
