#include "call/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NAME_MAX_BYTES 64

/* By way of another name. */
static int make(int dir_fd, const char *name, unsigned char secret[SECRET_BYTES], struct error *err)
{
	char new_name[NAME_MAX_BYTES];
	CLEANUP(fd) int fd = -1;
	int r;

	text_format(new_name, sizeof(new_name), "%s.new", name);
	if (getrandom(secret, SECRET_BYTES, 0) != SECRET_BYTES)
		return error_errno(err, "%s", name);
	if (unlinkat(dir_fd, new_name, 0) < 0 && errno != ENOENT)
		return error_errno(err, "%s", new_name);
	fd = openat(dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "%s", new_name);
	r = fd_write_all(fd, secret, SECRET_BYTES);
	if (r < 0)
		return error_set(err, r, "%s: %s", new_name, strerrordesc_np(-r));
	if (fsync(fd) < 0 || renameat(dir_fd, new_name, dir_fd, name) < 0 || fsync(dir_fd) < 0)
		return error_errno(err, "%s", name);
	return 0;
}

int secret_load(int dir_fd, const char *name, unsigned char secret[SECRET_BYTES], struct error *err)
{
	CLEANUP(fd) int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return make(dir_fd, name, secret, err);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_size != SECRET_BYTES || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		return error_set(err, -EPERM, "%s: must be %d bytes that only uid %u can read",
				 name, SECRET_BYTES, geteuid());
	r = fd_read_all(fd, secret, SECRET_BYTES);
	return r < 0 ? error_set(err, r, "%s: %s", name, strerrordesc_np(-r)) : 0;
}
