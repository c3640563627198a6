#include "base/faulty_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

struct faulty_kernel fault;

static bool strikes(void)
{
	if (++fault.n_calls != fault.at)
		return false;
	if (fault.kind == FAULT_KILL)
		_exit(77);
	return fault.kind != FAULT_NONE;
}

static long finish(bool struck, long result)
{
	if (struck && fault.kind == FAULT_KILL_AFTER)
		_exit(77);
	return result;
}

static bool fails(bool struck)
{
	if (!struck || fault.kind != FAULT_ERROR)
		return false;
	errno = EIO;
	return true;
}

static bool is_full(void)
{
	return fault.kind == FAULT_FULL && fault.n_calls >= fault.at;
}

ssize_t write(int fd, const void *data, size_t len)
{
	bool struck = strikes();

	if (fails(struck))
		return -1;
	if (struck && fault.kind == FAULT_HALF) {
		(void)syscall(SYS_write, fd, data, len / 2);
		_exit(77);
	}
	if (is_full() && fd > 2) {
		if (fault.room < (off_t)len && fault.room <= 0) {
			errno = ENOSPC;
			return -1;
		}
		len = fault.room < (off_t)len ? (size_t)fault.room : len;
		fault.room -= (off_t)len;
	}
	return finish(struck, syscall(SYS_write, fd, data, len));
}

/* Into what was allocated before: a full disk does not mind. */
ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	bool struck = strikes();

	if (fails(struck))
		return -1;
	if (struck && fault.kind == FAULT_HALF) {
		(void)syscall(SYS_pwrite64, fd, data, len / 2, at);
		_exit(77);
	}
	return finish(struck, syscall(SYS_pwrite64, fd, data, len, at));
}

/* Only what makes a file counts; whatever is tested makes it its owner's alone. */
int openat(int dir_fd, const char *path, int flags, ...)
{
	bool struck = (flags & O_CREAT) && strikes();

	if (fails(struck))
		return -1;
	if ((flags & O_CREAT) && is_full()) {
		errno = ENOSPC;
		return -1;
	}
	return (int)finish(struck, syscall(SYS_openat, dir_fd, path, flags, 0600));
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	bool struck = strikes();

	return fails(struck) ? -1 : (int)finish(struck, syscall(SYS_unlinkat, dir_fd, path, flags));
}

int fdatasync(int fd)
{
	bool struck = strikes();

	return fails(struck) ? -1 : (int)finish(struck, syscall(SYS_fdatasync, fd));
}

int fsync(int fd)
{
	bool struck = strikes();

	return fails(struck) ? -1 : (int)finish(struck, syscall(SYS_fsync, fd));
}

int ftruncate(int fd, off_t len)
{
	bool struck = strikes();

	return fails(struck) ? -1 : (int)finish(struck, syscall(SYS_ftruncate, fd, len));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	bool struck = strikes();

	return fails(struck)
		       ? -1
		       : (int)finish(struck, syscall(SYS_renameat2, from_fd, from, to_fd, to, 0));
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
	bool struck = strikes();

	if (fails(struck))
		return -1;
	if (is_full()) {
		errno = ENOSPC;
		return -1;
	}
	return (int)finish(struck, syscall(SYS_fallocate, fd, mode, at, len));
}

int fstatvfs(int fd UNUSED, struct statvfs *fs)
{
	*fs = (struct statvfs) { .f_blocks = 1000000, .f_frsize = 4096 };
	fs->f_bfree = fs->f_bavail = is_full() ? 0 : 500000;
	return 0;
}
