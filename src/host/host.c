#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/root_internal.h"

#define RECORDED_MAX_BYTES (8 * MIB)

int host_init(struct host *host, const char *root, struct error *err)
{
	*host = (struct host)HOST_CLOSED;
	host->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root_fd < 0)
		return error_errno(err, "open the host root '%s'", root);
	host->is_fixture = strcmp(root, "/") != 0;
	if (host->is_fixture)
		host->later_fd = openat(host->root_fd, "later", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		host->proc_fd = openat(host->root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

void host_finish(struct host *host)
{
	fd_close(&host->root_fd);
	fd_close(&host->proc_fd);
	fd_close(&host->processes_fd);
	fd_close(&host->later_fd);
}

void host_cleanup(struct host *host)
{
	host_finish(host);
}

static int open_in(int root_fd, const char *path, int flags)
{
	/* openat2(2) refuses what open(2) ignores beside O_PATH. */
	int added = flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	return root_open(root_fd, path, flags | added);
}

/* Where a path is opened from; leaves in 'path' what is to be opened there. */
static int place_of(const struct host *host, const char **path)
{
	const char *rest = *path;

	/* The walk from the root and across a mount is a fifth of what opening costs. */
	if (host->proc_fd < 0 || !scan_text(&rest, "proc/") || !*rest || *rest == '/')
		return host->root_fd;
	*path = rest;
	return host->proc_fd;
}

int host_open(const struct host *host, const char *path, int flags)
{
	int fd;

	if (!host->is_fixture) {
		/* O_NOATIME is left out: only the owner may use it. */
		int place = place_of(host, &path);

		fd = openat(place, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		return fd < 0 ? -errno : fd;
	}
	if (host->has_waited && host->later_fd >= 0) {
		fd = open_in(host->later_fd, path, flags);
		if (fd >= 0)
			return fd;
	}
	return open_in(host->root_fd, path, flags);
}

int host_enter(const struct host *host, const char *path, struct host *folder_out)
{
	struct host folder = HOST_CLOSED;
	bool has_later = host->has_waited && host->later_fd >= 0;

	folder.is_fixture = host->is_fixture;
	folder.has_waited = host->has_waited;
	if (has_later)
		folder.later_fd = open_in(host->later_fd, path, O_PATH | O_DIRECTORY);
	folder.root_fd = host->is_fixture ? open_in(host->root_fd, path, O_PATH | O_DIRECTORY)
					  : host_open(host, path, O_PATH | O_DIRECTORY);
	/* What is only there later is all there is. */
	if (folder.root_fd < 0 && folder.later_fd >= 0) {
		folder.root_fd = folder.later_fd;
		folder.later_fd = -1;
	}
	if (folder.root_fd < 0)
		return folder.root_fd;
	*folder_out = folder;
	return 0;
}

ssize_t host_read(const struct host *host, const char *path, char *text, size_t size)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < size - 1) {
		ssize_t n = read(fd, text + len, size - 1 - len);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	text[len] = '\0';
	return (ssize_t)len;
}

int host_read_buf(const struct host *host, const char *path, struct buf *buf)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);

	return fd < 0 ? fd : buf_read_fd(buf, fd);
}

bool host_read_u64(const struct host *host, const char *path, uint64_t *value_out)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	char text[64];
	const char *at = text;
	/* A number comes in one piece: asking for the end would be a call per file. */
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len < 0)
		return false;
	text[len] = '\0';
	if (scan_text(&at, "max")) {
		*value_out = UINT64_MAX;
		return true;
	}
	return scan_u64(&at, value_out);
}

ssize_t host_readlink(const struct host *host, const char *path, char *target, size_t size)
{
	CLEANUP(fd) int fd = host_open(host, path, O_PATH | O_NOFOLLOW);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = readlinkat(fd, "", target, size - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	return len;
}

bool host_exists(const struct host *host, const char *path)
{
	CLEANUP(fd) int fd = host_open(host, path, O_PATH);

	return fd >= 0;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static size_t read_names(DIR *dir, char **names, size_t max)
{
	const struct dirent *entry;
	size_t n = 0;

	while (n < max && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names[n] = strdup(entry->d_name);
		if (!names[n++])
			abort();
	}
	return n;
}

json_t *host_list(const struct host *host, const char *path, size_t max)
{
	int fd = host_open(host, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	json_t *list;
	char **names;
	size_t n;

	if (!dir) {
		errno = fd < 0 ? -fd : errno;
		return NULL;
	}
	names = calloc(max, sizeof(*names));
	list = json_array();
	if (!names || !list)
		abort();
	n = read_names(dir, names, max);
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n; i++)
		json_push(list, json_text(names[i], strlen(names[i])));
	free_names(names, n);
	(void)closedir(dir);
	return list;
}

json_t *host_recorded(const struct host *host, const char *name)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	char path[128];

	if (!host->is_fixture)
		return NULL;
	buf_init(&text, RECORDED_MAX_BYTES);
	(void)snprintf(path, sizeof(path), ".host/%s.json", name);
	if (host_read_buf(host, path, &text) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, RECORDED_MAX_BYTES, &err);
}

static int recorded_statvfs(const struct host *host, const char *path, struct statvfs *figures_out)
{
	CLEANUP(json) json_t *all = host_recorded(host, "statfs");
	const json_t *one = json_object_get(all, path);

	if (!one)
		return -ENOENT;
	*figures_out = (struct statvfs) {
		.f_bsize = (unsigned long)json_get_int(one, "block_bytes", 4096),
		.f_frsize = (unsigned long)json_get_int(one, "block_bytes", 4096),
		.f_blocks = (fsblkcnt_t)json_get_int(one, "blocks", 0),
		.f_bfree = (fsblkcnt_t)json_get_int(one, "blocks_free", 0),
		.f_bavail = (fsblkcnt_t)json_get_int(one, "blocks_available", 0),
		.f_files = (fsfilcnt_t)json_get_int(one, "inodes", 0),
		.f_ffree = (fsfilcnt_t)json_get_int(one, "inodes_free", 0),
		.f_favail = (fsfilcnt_t)json_get_int(one, "inodes_free", 0),
	};
	return 0;
}

int host_statvfs(const struct host *host, const char *path, struct statvfs *figures_out)
{
	if (host->is_fixture)
		return recorded_statvfs(host, path, figures_out);
	return statvfs(path, figures_out) < 0 ? -errno : 0;
}

uint64_t host_wait(struct host *host, uint64_t duration_ns)
{
	struct timespec left = {
		.tv_sec = (time_t)(duration_ns / NS_PER_SEC),
		.tv_nsec = (long)(duration_ns % NS_PER_SEC),
	};
	uint64_t start = clock_monotonic_ns();

	if (host->is_fixture) {
		host->has_waited = true;
		return duration_ns;
	}
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	return clock_monotonic_ns() - start;
}

uint64_t host_now_ns(const struct host *host)
{
	uint64_t seconds;

	if (host->is_fixture)
		return host_read_u64(host, ".host/now", &seconds) ? seconds * NS_PER_SEC : 0;
	return clock_wall_ns();
}
