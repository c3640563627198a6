#include "identity/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/fd.h"
#include "base/scan.h"

#define NAME_MAX_BYTES 200

/* Where a file lies, with its folder open and locked. */
struct site {
	int folder;
	char name[NAME_MAX_BYTES + 1];
	char fresh[NAME_MAX_BYTES + 8]; /* what becomes 'name' */
};

static void site_cleanup(struct site *site)
{
	fd_close(&site->folder);
}

static int site_open(struct site *site, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	CLEANUP(text)
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (!folder)
		abort();
	if (!name[0] || strlen(name) > NAME_MAX_BYTES)
		return error_set(err, -EINVAL, "'%s' does not end in the name of a file", path);
	text_format(site->name, sizeof(site->name), "%s", name);
	text_format(site->fresh, sizeof(site->fresh), ".%s.new", name);
	site->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site->folder < 0)
		return error_errno(err, "open '%s'", folder);
	/* Two savers with one fresh name would rename each other's half. */
	if (flock(site->folder, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, "another process saves a file in '%s' right now",
				 folder);
	return 0;
}

static int write_fresh(const struct site *site, mode_t mode, struct str bytes, bool lasts)
{
	CLEANUP(fd) int fd = -1;
	int r;

	if (unlinkat(site->folder, site->fresh, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(site->folder, site->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0) /* whatever the umask */
		return -errno;
	r = fd_write_all(fd, bytes.data, bytes.len);
	if (r < 0)
		return r;
	return lasts && fsync(fd) < 0 ? -errno : 0;
}

static int save(const char *path, mode_t mode, struct str bytes, bool lasts, struct error *err)
{
	CLEANUP(site) struct site site = { .folder = -1 };
	int r = site_open(&site, path, err);

	if (r < 0)
		return r;
	r = write_fresh(&site, mode, bytes, lasts);
	if (r == 0 && renameat(site.folder, site.fresh, site.folder, site.name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(site.folder, site.fresh, 0); /* else the next save does */
		errno = -r;
		return error_errno(err, "write '%s'", path);
	}
	return lasts && fsync(site.folder) < 0 ? error_errno(err, "make '%s' durable", path) : 0;
}

int file_save_private(const char *path, const void *data, size_t len, struct error *err)
{
	return save(path, 0600, (struct str) { data, len }, true, err);
}

int file_save_public(const char *path, const void *data, size_t len, struct error *err)
{
	return save(path, 0644, (struct str) { data, len }, true, err);
}

int file_save_fleeting(const char *path, const void *data, size_t len, struct error *err)
{
	return save(path, 0600, (struct str) { data, len }, false, err);
}

int file_make_last(const char *path, struct error *err)
{
	CLEANUP(site) struct site site = { .folder = -1 };
	CLEANUP(fd) int fd = -1;
	int r = site_open(&site, path, err);

	if (r < 0)
		return r;
	fd = openat(site.folder, site.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || fsync(site.folder) < 0)
		return error_errno(err, "make '%s' durable", path);
	return 0;
}

static int check_owner(const char *path, int fd, mode_t forbidden, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at '%s'", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EACCES, "'%s' is not a regular file", path);
	if (status.st_uid != geteuid())
		return error_set(err, -EACCES, "'%s' belongs to uid %u, not to us (uid %u)", path,
				 status.st_uid, geteuid());
	if (status.st_mode & forbidden)
		return error_set(err, -EACCES, "'%s' has mode %03o; run: chmod go-%s '%s'", path,
				 status.st_mode & 0777, forbidden & 044 ? "rwx" : "w", path);
	return 0;
}

static int load(const char *path, mode_t forbidden, struct buf *out, struct error *err)
{
	/* Not blocking, because a pipe may lie there; not through a link at the end of the path. */
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	CLEANUP(text) char *bytes = NULL;
	size_t room = out->max - out->len, len = 0;
	ssize_t n = 1;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, -EACCES, "'%s' is a symbolic link", path);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	r = check_owner(path, fd, forbidden, err);
	if (r < 0)
		return r;
	if (room > FILE_MAX_BYTES)
		room = FILE_MAX_BYTES;
	bytes = malloc(room + 1);
	if (!bytes)
		abort();
	while (n > 0 && len <= room) {
		n = read(fd, bytes + len, room + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		r = error_errno(err, "read '%s'", path);
	else if (len > room)
		r = error_set(err, -E2BIG, "'%s' has more than %zu bytes", path, room);
	else
		buf_add(out, bytes, len); /* at once, so that no smaller copy stays behind */
	OPENSSL_cleanse(bytes, len);
	return r;
}

int file_load_private(const char *path, struct buf *out, struct error *err)
{
	return load(path, 077, out, err);
}

int file_load_public(const char *path, struct buf *out, struct error *err)
{
	return load(path, 022, out, err);
}

void secret_buf_cleanup(struct buf *buf)
{
	if (buf->data)
		OPENSSL_cleanse(buf->data, buf->len);
	buf_finish(buf);
}
