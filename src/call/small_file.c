#include "call/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NAME_MAX_BYTES 64

/* By way of another name. */
int small_file_save(int dir_fd, const char *name, const void *data, size_t len, struct error *err)
{
	char new_name[NAME_MAX_BYTES];
	CLEANUP(fd) int fd = -1;
	int r;

	text_format(new_name, sizeof(new_name), "%s.new", name);
	if (unlinkat(dir_fd, new_name, 0) < 0 && errno != ENOENT)
		return error_errno(err, "%s", new_name);
	fd = openat(dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "%s", new_name);
	r = fd_write_all(fd, data, len);
	if (r < 0)
		return error_set(err, r, "%s: %s", new_name, strerrordesc_np(-r));
	if (fsync(fd) < 0 || renameat(dir_fd, new_name, dir_fd, name) < 0 || fsync(dir_fd) < 0)
		return error_errno(err, "%s", name);
	return 0;
}

int small_file_load(int dir_fd, const char *name, struct buf *out, struct error *err)
{
	CLEANUP(fd) int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return error_set(err, -EPERM, "%s: must be a file that only uid %u can read", name,
				 geteuid());
	r = buf_read_fd(out, fd);
	if (r == 0 && out->dropped)
		r = -E2BIG;
	return r < 0 ? error_set(err, r, "%s: %s", name, strerrordesc_np(-r)) : 0;
}
