#include "remote/state_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int state_folder_let_pass(const char *state, struct error *err)
{
	struct stat is;

	if (stat(state, &is) < 0 || (!(is.st_mode & 0011) && chmod(state, is.st_mode | 0011) < 0))
		return error_errno(err, "let the agent pass through '%s'", state);
	return 0;
}

/* Nobody but root could put anything there: no link leads out of it. */
static int give_files(int dir_fd, uid_t uid, gid_t gid)
{
	int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = dir ? 0 : -errno;

	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_type == DT_REG &&
		    fchownat(dir_fd, entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
	if (dir)
		(void)closedir(dir);
	return r;
}

int state_folder_give(const char *folder, uid_t uid, gid_t gid, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	struct stat is;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &is) < 0)
		return error_errno(err, "open '%s'", folder);
	if (is.st_uid == uid)
		return 0;
	if (is.st_uid != 0)
		return error_set(err, -EPERM, "'%s' belongs to another user; remove it", folder);
	/* The folder last: what failed half-way is tried again. */
	if (give_files(fd, uid, gid) < 0 || fchown(fd, uid, gid) < 0)
		return error_errno(err, "give '%s' to the agent's user", folder);
	return 0;
}
