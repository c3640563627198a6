#include "base/notify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"

#define MOST_USEC (3600 * UINT64_C(1000000))

/* A path, or a name of the abstract kind, which is written with an '@'. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd) int fd = -1;
	size_t len = strlen(path);

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

static uint64_t read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t value, of;

	if (!usec || !scan_u64(&usec, &value) || *usec || value > MOST_USEC)
		return 0;
	if (pid && (!scan_u64(&pid, &of) || of != (uint64_t)getpid()))
		return 0;
	return value * 1000 / 2;
}

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*notify = (struct notify) { .fd = path ? connect_to(path) : -1 };
	if (notify->fd >= 0)
		notify->watchdog_ns = read_watchdog();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
	fd_close(&notify->fd);
}

void notify_tell(const struct notify *notify, const char *state)
{
	/* Whether anybody hears it is not ours to mend. */
	if (notify->fd >= 0)
		(void)send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}

void notify_status(struct notify *notify, const char *format, ...)
{
	char text[NOTIFY_STATUS_BYTES], line[NOTIFY_STATUS_BYTES + 16];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (strcmp(text, notify->status) == 0)
		return;
	text_format(notify->status, sizeof(notify->status), "%s", text);
	text_format(line, sizeof(line), "STATUS=%s", text);
	notify_tell(notify, line);
}
