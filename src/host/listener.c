#include "host/listener.h"

#include "base/fd.h"
#include "host/network.h"

#define TABLE_MAX_BYTES (4 * MIB)

static int read_table(const struct host *host, const char *name, struct listeners *listeners)
{
	CLEANUP(fd) int fd = network_open(host, name);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return fd;
	lines_init(&lines, fd, TABLE_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		struct socket_line socket;
		struct listener *listener = &listeners->list[listeners->n];

		if (!socket_line_parse(line.data, &socket) || socket.state != SOCKET_LISTEN)
			continue;
		if (listeners->n == LISTENERS_MAX) {
			listeners->truncated = true;
			break;
		}
		*listener = (struct listener) {
			.port = socket.local.port,
			.inode = socket.inode,
			.uid = (uint32_t)socket.uid,
		};
		(void)socket_address_format(&socket.local, listener->address);
		listeners->n++;
	}
	return lines.error;
}

int listeners_read(const struct host *host, struct listeners *listeners_out)
{
	int r;

	*listeners_out = (struct listeners) { 0 };
	r = read_table(host, "tcp", listeners_out);
	/* A kernel without IPv6 has no such table. */
	if (read_table(host, "tcp6", listeners_out) < 0 && r < 0)
		return r;
	return 0;
}
