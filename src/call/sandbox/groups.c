#include "call/sandbox/groups_internal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"

#define FILE_MAX_BYTES (256 * KIB)

/* Read here and not by getgrnam(): that would load the host's NSS modules,
 * foreign code that talks to the network, into a root process. */
static bool read_file(const char *path, struct buf *buf)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	buf_init(buf, FILE_MAX_BYTES);
	return fd >= 0 && buf_read_fd(buf, fd) == 0;
}

/* "name:x:ID[:ID2...": true if the line is of that name. */
static bool parse_line(struct str line, const char *name, uint64_t ids_out[2], unsigned n_ids)
{
	char text[256];
	const char *at = text;

	str_copy(line, text, sizeof(text));
	if (!scan_text(&at, name) || !scan_text(&at, ":"))
		return false;
	at = strchr(at, ':');
	for (unsigned i = 0; i < n_ids; i++) {
		if (!at || *at++ != ':' || !scan_u64(&at, &ids_out[i]))
			return false;
	}
	return true;
}

static bool find_line(const struct buf *buf, const char *name, uint64_t ids_out[2], unsigned n_ids)
{
	const char *at = buf_text(buf);
	struct str line;

	while (scan_line(&at, &line))
		if (parse_line(line, name, ids_out, n_ids))
			return true;
	return false;
}

size_t groups_that_read_logs(gid_t *groups_out, size_t max)
{
	static const char *const names[] = { "adm", "systemd-journal" };
	CLEANUP(buf) struct buf buf = { 0 };
	uint64_t ids[2];
	size_t n = 0;

	if (!read_file("/etc/group", &buf))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names) && n < max; i++)
		if (find_line(&buf, names[i], ids, 1))
			groups_out[n++] = (gid_t)ids[0];
	return n;
}

bool groups_find_user(const char *name, uid_t *uid_out, gid_t *gid_out)
{
	CLEANUP(buf) struct buf buf = { 0 };
	uint64_t ids[2];

	if (!read_file("/etc/passwd", &buf) || !find_line(&buf, name, ids, 2) || ids[0] == 0)
		return false;
	*uid_out = (uid_t)ids[0];
	*gid_out = (gid_t)ids[1];
	return true;
}
