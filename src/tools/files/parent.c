#include "tools/files/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static int step(int directory, const char *name, const char *path, struct error *err)
{
	struct stat status;
	int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "open '%s' on the way to '%s'", name, path);
	if (fstat(fd, &status) < 0 || S_ISDIR(status.st_mode))
		return fd;
	(void)close(fd);
	if (S_ISLNK(status.st_mode))
		return error_set(err, -ELOOP,
				 "'%s' on the way to '%s' is a symbolic link; set follow_symlinks "
				 "to write through it",
				 name, path);
	return error_set(err, -ENOTDIR, "'%s' on the way to '%s' is not a directory", name, path);
}

/* A descriptor for fsync, which a path descriptor is not. */
static int reopen(int directory, const char *path, struct error *err)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "open the directory of '%s'", path) : fd;
}

static bool is_up(const char *name, size_t len)
{
	return len == 2 && name[0] == '.' && name[1] == '.';
}

int parent_open(const struct host *host, const char *path, const char **name_out, struct error *err)
{
	CLEANUP(fd) int directory = openat(host->root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *at = path;

	if (directory < 0)
		return error_errno(err, "open the root");
	for (;;) {
		char name[NAME_MAX + 1];
		size_t len;
		int next;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 0 || len > NAME_MAX || is_up(at, len))
			return error_set(err, -EINVAL, "'%s' does not name a file", path);
		if (at[len] == '\0')
			break;
		memcpy(name, at, len);
		name[len] = '\0';
		next = step(directory, name, path, err);
		if (next < 0)
			return next;
		fd_close(&directory);
		directory = next;
		at += len;
	}
	*name_out = at;
	return reopen(directory, path, err);
}

int parent_resolve(const struct host *host, const char *path, char *out, size_t size,
		   struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	CLEANUP(text) char *whole = NULL;
	CLEANUP(text) char *parent = strndup(path, (size_t)(name - path));
	CLEANUP(text) char *directory = NULL;

	if (!parent)
		abort();
	if (host->is_fixture)
		return error_set(err, -ENOTSUP, "a fixture's symbolic links are not followed");
	whole = realpath(path, NULL);
	directory = whole ? NULL : realpath(*parent ? parent : "/", NULL);
	if (!whole && !directory)
		return error_errno(err, "resolve '%s'", path);
	if (whole)
		(void)snprintf(out, size, "%s", whole);
	else
		(void)snprintf(out, size, "%s%s%s", directory, directory[1] ? "/" : "", name);
	return 0;
}
