#include "tools/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

const char *files_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFBLK:
		return "block";
	default:
		return "char";
	}
}

static char type_letter(mode_t mode)
{
	const char *name = files_type_name(mode);

	return S_ISREG(mode) ? '-' : S_ISLNK(mode) ? 'l' : S_ISFIFO(mode) ? 'p' : name[0];
}

const char *files_permissions(mode_t mode, char text[FILES_PERMISSIONS_BYTES])
{
	static const char bits[] = "rwxrwxrwx";

	text[0] = type_letter(mode);
	for (int i = 0; i < 9; i++)
		text[i + 1] = mode & 0400U >> i ? bits[i] : '-';
	if (mode & S_ISUID)
		text[3] = mode & 0100 ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = mode & 0010 ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = mode & 0001 ? 't' : 'T';
	text[10] = '\0';
	return text;
}

static int explain(const char *path, int code, struct error *err)
{
	if (code == -ELOOP)
		return error_set(err, code, "'%s' is a loop of symbolic links", path);
	return error_set(err, code, "open '%s': %s", path, strerrordesc_np(-code));
}

static int check_type(const char *path, mode_t mode, struct error *err)
{
	if (S_ISDIR(mode))
		return error_set(err, -EISDIR, "'%s' is a directory", path);
	if (!S_ISREG(mode))
		return error_set(err, -EINVAL, "'%s' is a %s%s, which is not read", path,
				 files_type_name(mode),
				 S_ISBLK(mode) || S_ISCHR(mode) ? " device" : "");
	return 0;
}

int files_refuse_covered(const char *path, struct error *err)
{
	return error_set(err, -EACCES, "'%s' holds secrets: the sandbox hides it from every tool",
			 path);
}

int files_open_regular(const struct host *host, const char *path, struct stat *stat_out,
		       struct error *err)
{
	CLEANUP(fd) int look = host_open(host, path[1] ? path + 1 : ".", O_PATH);
	CLEANUP(fd) int fd = -1;
	int r;

	if (look < 0)
		return explain(path, look, err);
	if (fstat(look, stat_out) < 0)
		return explain(path, -errno, err);
	r = check_type(path, stat_out->st_mode, err);
	if (r < 0)
		return r;
	if (host_is_covered(host, path + 1))
		return files_refuse_covered(path, err);
	fd = host_open(host, path + 1, O_RDONLY);
	if (fd < 0)
		return explain(path, fd, err);
	/* Between the look and now the name may have changed hands. */
	if (fstat(fd, stat_out) < 0)
		return explain(path, -errno, err);
	r = check_type(path, stat_out->st_mode, err);
	return r < 0 ? r : fd_take(&fd);
}

int files_path_argument(const json_t *args, const char *other_name, const char **path_out,
			struct error *err)
{
	const char *path = json_get_text(args, "path", json_get_text(args, other_name, NULL));

	if (!path)
		return error_set(err, -EINVAL, "'path' is required");
	if (*path != '/')
		return error_set(err, -EINVAL, "'%s' is not an absolute path", path);
	*path_out = path;
	return 0;
}

json_t *files_modified(const struct stat *status)
{
	char time[CLOCK_TEXT_BYTES];

	return json_string(clock_format((uint64_t)status->st_mtim.tv_sec * NS_PER_SEC +
						(uint64_t)status->st_mtim.tv_nsec,
					time));
}
