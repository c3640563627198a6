#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "host/host.h"

/* Nobody's file: no permission at all, and empty, on a file system of one page. */
bool host_is_covered(const struct host *host, const char *path)
{
	CLEANUP(fd) int fd = host_open(host, path, O_PATH);
	struct stat status;
	struct statfs figures;

	if (fd < 0 || fstat(fd, &status) < 0 || (status.st_mode & 07777) || status.st_uid)
		return false;
	return fstatfs(fd, &figures) == 0 && figures.f_type == TMPFS_MAGIC && figures.f_blocks == 1;
}
