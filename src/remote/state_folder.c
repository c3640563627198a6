#include "remote/state_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int state_folder_let_pass(const char *state, struct error *err)
{
	struct stat is;

	if (stat(state, &is) < 0 || (!(is.st_mode & 0011) && chmod(state, is.st_mode | 0011) < 0))
		return error_errno(err, "let the agent pass through '%s'", state);
	return 0;
}

/* Nobody but root could put anything there: no link leads out of it. */
static int give_files(DIR *dir, uid_t uid, gid_t gid)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_type == DT_REG &&
		    fchownat(dirfd(dir), entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	return 0;
}

static int give(DIR *dir, uid_t uid, gid_t gid)
{
	struct stat is;

	if (fstat(dirfd(dir), &is) < 0)
		return -errno;
	if (is.st_uid == uid)
		return 0;
	if (is.st_uid != 0)
		return -EPERM;
	/* The folder last: what failed half-way is tried again. */
	if (give_files(dir, uid, gid) < 0 || fchown(dirfd(dir), uid, gid) < 0)
		return -errno;
	return 0;
}

int state_folder_give(const char *folder, uid_t uid, gid_t gid, struct error *err)
{
	DIR *dir;
	int fd, r;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open '%s'", folder);
	dir = fdopendir(fd);
	if (!dir)
		abort();
	r = give(dir, uid, gid);
	(void)closedir(dir);
	if (r == -EPERM)
		return error_set(err, r, "'%s' belongs to another user; remove it", folder);
	return r < 0 ? error_set(err, r, "give '%s' to the agent's user: %s", folder, strerror(-r))
		     : 0;
}
