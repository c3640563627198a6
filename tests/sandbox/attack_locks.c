/* Attempts to hold something of the host's: locks, leases, notifications. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/base.h"

#define PATH_OF(name) victim_path(facts, #name)
#define RESULT(call) ((call) < 0 ? -errno : 0)

int attempt_lock_flock(const struct canary_facts *facts)
{
	int fd = open(PATH_OF(lock_flock), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : RESULT(flock(fd, LOCK_SH | LOCK_NB));
}

static int lock_range(const char *path, int command)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : RESULT(fcntl(fd, command, &lock));
}

int attempt_lock_read(const struct canary_facts *facts)
{
	return lock_range(PATH_OF(lock_read), F_SETLK);
}

int attempt_lock_open_file(const struct canary_facts *facts)
{
	return lock_range(PATH_OF(lock_open_file), F_OFD_SETLK);
}

int attempt_take_lease(const struct canary_facts *facts)
{
	int fd = open(PATH_OF(take_lease), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : RESULT(fcntl(fd, F_SETLEASE, F_RDLCK));
}

int attempt_notify_directory(const struct canary_facts *facts)
{
	int fd = open(facts->dir, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : RESULT(fcntl(fd, F_NOTIFY, DN_CREATE));
}
