#include "host/outgoing_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"
#include "host/network.h"

static const char range_file[] = "/proc/sys/net/ipv4/ip_local_port_range";

/* Standard input only if it is that file: elsewhere it is a pipe with somebody's data. */
static int open_handed(void)
{
	char target[128];
	ssize_t len = readlink("/proc/self/fd/0", target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	if (strcmp(target, range_file) != 0)
		return -EPERM;
	return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

json_t *outgoing_ports_json(const struct host *host, struct error *err)
{
	CLEANUP(fd)
	int fd = network_is_own(host) ? host_open(host, range_file + 1, O_RDONLY) : open_handed();
	ssize_t len;
	char text[64];
	const char *at = text;
	uint64_t low, high;

	len = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (len < 0) {
		error_set(err, -EPERM, "the range of outgoing ports cannot be read");
		return NULL;
	}
	text[len] = '\0';
	if (!scan_u64(&at, &low) || !scan_u64(&at, &high) || low > high || high > UINT16_MAX) {
		error_set(err, -EBADMSG, "the range of outgoing ports makes no sense");
		return NULL;
	}
	return json_pack("{s:I, s:I}", "low", (json_int_t)low, "high", (json_int_t)high);
}
