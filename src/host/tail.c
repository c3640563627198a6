#include "host/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int host_tail(const struct host *host, const char *path, struct buf *buf)
{
	CLEANUP(fd) int fd = -1;
	char chunk[16 * KIB];
	struct stat stat;
	bool is_cut;

	while (*path == '/')
		path++;
	fd = host_open(host, path, O_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EINVAL;
	is_cut = (uint64_t)stat.st_size > buf->max;
	if (is_cut && lseek(fd, stat.st_size - (off_t)buf->max, SEEK_SET) < 0)
		return -errno;
	while (!buf->dropped && buf->len < buf->max) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		char *newline;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		newline = is_cut ? memchr(chunk, '\n', (size_t)n) : NULL;
		if (is_cut && !newline)
			continue;
		is_cut = false;
		newline = newline ? newline + 1 : chunk;
		buf_add(buf, newline, (size_t)(chunk + n - newline));
	}
	buf_add(buf, "", 0);
	return 0;
}
