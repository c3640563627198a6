#include "base/lossy_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_CALLS 2048
#define MAX_FILES 512
#define MAX_NAMES 64
#define MAX_FDS 256
#define MAX_PENDING 64
#define MAX_FREE 5 /* of those, the last: each lost or not; of what is older, all or nothing */
#define NAME_BYTES 64

enum call_kind {
	CALL_CREATE,
	CALL_WRITE,
	CALL_SYNC,
	CALL_RENAME,
	CALL_UNLINK,
	CALL_SYNC_FOLDER,
	CALL_MAKE_FOLDER,
	CALL_SYNC_PARENT,
};

struct call {
	enum call_kind kind;
	int file; /* which one, of all that there ever were */
	char name[NAME_BYTES], to[NAME_BYTES];
	char *data;
	size_t len;
};

enum loss {
	LOSS_ALL,
	LOSS_HALF,
	LOSS_ZEROS,
	LOSS_NONE,
	LOSS_N
};

struct name {
	char text[NAME_BYTES];
	int file;
};

/* What there is after some calls: durable, and what may be lost. */
struct disk {
	struct name names[MAX_NAMES];
	size_t n_names;
	const struct call *pending[MAX_PENDING]; /* changes of names */
	size_t n_pending;
	size_t n_bytes[MAX_FILES], n_synced[MAX_FILES];
	bool is_made, is_folder_synced;
};

static struct {
	char folder[256];
	struct call calls[MAX_CALLS];
	size_t n_calls;
	int n_files, file_of_fd[MAX_FDS]; /* 0: none of ours */
	ino_t inode_of_fd[MAX_FDS];
} record;

/* --- what is done --------------------------------------------------------------------------- */

static struct call *add(enum call_kind kind, int file)
{
	struct call *call = &record.calls[record.n_calls++];

	if (record.n_calls > MAX_CALLS || file >= MAX_FILES)
		abort();
	*call = (struct call) { .kind = kind, .file = file };
	return call;
}

void lossy_disk_watch(const char *folder)
{
	for (size_t i = 0; i < record.n_calls; i++)
		free(record.calls[i].data);
	memset(&record, 0, sizeof(record));
	text_copy(record.folder, sizeof(record.folder), folder);
}

size_t lossy_disk_n_calls(void)
{
	return record.n_calls;
}

static bool is_folder(int fd, const char *path)
{
	struct stat here, wanted;

	return fstat(fd, &here) == 0 && stat(path, &wanted) == 0 && here.st_ino == wanted.st_ino &&
	       here.st_dev == wanted.st_dev;
}

static int file_of(int fd)
{
	struct stat status;

	return fd >= 0 && fd < MAX_FDS && record.file_of_fd[fd] && fstat(fd, &status) == 0 &&
			       status.st_ino == record.inode_of_fd[fd]
		       ? record.file_of_fd[fd]
		       : 0;
}

static void note_create(int dir_fd, const char *name, int fd)
{
	struct stat status;

	if (!record.folder[0] || !is_folder(dir_fd, record.folder))
		return;
	if (fd >= MAX_FDS || fstat(fd, &status) < 0)
		abort();
	record.file_of_fd[fd] = ++record.n_files;
	record.inode_of_fd[fd] = status.st_ino;
	text_copy(add(CALL_CREATE, record.n_files)->name, NAME_BYTES, name);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	int fd = (int)syscall(SYS_openat, dir_fd, path, flags, 0600);

	if (fd >= 0 && flags & O_CREAT)
		note_create(dir_fd, path, fd);
	return fd;
}

ssize_t write(int fd, const void *data, size_t len)
{
	ssize_t n = syscall(SYS_write, fd, data, len);
	int file = file_of(fd);

	if (n > 0 && file) {
		struct call *call = add(CALL_WRITE, file);

		call->data = malloc((size_t)n);
		call->len = (size_t)n;
		if (!call->data)
			abort();
		memcpy(call->data, data, call->len);
	}
	return n;
}

int fsync(int fd)
{
	char parent[sizeof(record.folder) + 4];
	int file = file_of(fd);

	text_format(parent, sizeof(parent), "%s/..", record.folder);
	if (!record.folder[0])
		return 0;
	if (file)
		(void)add(CALL_SYNC, file);
	else if (is_folder(fd, record.folder))
		(void)add(CALL_SYNC_FOLDER, 0);
	else if (is_folder(fd, parent))
		(void)add(CALL_SYNC_PARENT, 0);
	return 0; /* that disk is this record */
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	int r = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
	struct call *call;

	if (r == 0 && is_folder(from_fd, record.folder)) {
		call = add(CALL_RENAME, 0);
		text_copy(call->name, NAME_BYTES, from);
		text_copy(call->to, NAME_BYTES, to);
	}
	return r;
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	int r = (int)syscall(SYS_unlinkat, dir_fd, path, flags);

	if (r == 0 && is_folder(dir_fd, record.folder))
		text_copy(add(CALL_UNLINK, 0)->name, NAME_BYTES, path);
	return r;
}

int unlink(const char *path)
{
	size_t len = strlen(record.folder);
	int r = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);

	if (r == 0 && len && strncmp(path, record.folder, len) == 0 && path[len] == '/')
		text_copy(add(CALL_UNLINK, 0)->name, NAME_BYTES, path + len + 1);
	return r;
}

int mkdir(const char *path, mode_t mode)
{
	int r = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);

	if (r == 0 && strcmp(path, record.folder) == 0)
		(void)add(CALL_MAKE_FOLDER, 0);
	return r;
}

/* --- what is left of it ----------------------------------------------------------------------- */

static struct name *find(struct disk *disk, const char *text)
{
	for (size_t i = 0; i < disk->n_names; i++)
		if (strcmp(disk->names[i].text, text) == 0)
			return &disk->names[i];
	return NULL;
}

static void remove_name(struct disk *disk, const char *text)
{
	struct name *name = find(disk, text);

	if (name)
		*name = disk->names[--disk->n_names];
}

static void put(struct disk *disk, const char *text, int file)
{
	remove_name(disk, text);
	if (disk->n_names == MAX_NAMES)
		abort();
	text_copy(disk->names[disk->n_names].text, NAME_BYTES, text);
	disk->names[disk->n_names++].file = file;
}

/* The file that was made under that name last. */
static int made_as(const struct call *call)
{
	while (call-- > record.calls)
		if (call->kind == CALL_CREATE)
			return call->file;
	abort();
}

static void apply(struct disk *disk, const struct call *call)
{
	if (call->kind == CALL_CREATE)
		put(disk, call->name, call->file);
	else
		remove_name(disk, call->name);
	if (call->kind == CALL_RENAME)
		put(disk, call->to, made_as(call));
}

static void replay(struct disk *disk, const struct call *call)
{
	switch (call->kind) {
	case CALL_CREATE:
	case CALL_RENAME:
	case CALL_UNLINK:
		if (disk->n_pending == MAX_PENDING)
			abort();
		disk->pending[disk->n_pending++] = call;
		break;
	case CALL_WRITE:
		disk->n_bytes[call->file] += call->len;
		break;
	case CALL_SYNC:
		disk->n_synced[call->file] = disk->n_bytes[call->file];
		break;
	case CALL_SYNC_FOLDER:
		for (size_t i = 0; i < disk->n_pending; i++)
			apply(disk, disk->pending[i]);
		disk->n_pending = 0;
		break;
	case CALL_MAKE_FOLDER:
		disk->is_made = true;
		break;
	case CALL_SYNC_PARENT:
		disk->is_folder_synced = true;
		break;
	}
}

/* Of its bytes those that are certain, and of the others what the loss leaves. */
static void fill(const struct disk *disk, size_t n_calls, int file, enum loss loss, int fd)
{
	static const char zeros[4096];
	size_t left = disk->n_synced[file], lost = disk->n_bytes[file] - left;

	left += loss == LOSS_NONE ? lost : loss == LOSS_HALF ? lost / 2 : 0;
	for (size_t i = 0; i < n_calls && left; i++) {
		const struct call *call = &record.calls[i];
		size_t len = call->len < left ? call->len : left;

		if (call->kind != CALL_WRITE || call->file != file)
			continue;
		if (syscall(SYS_write, fd, call->data, len) != (ssize_t)len)
			abort();
		left -= len;
	}
	for (size_t len; loss == LOSS_ZEROS && lost; lost -= len) {
		len = lost < sizeof(zeros) ? lost : sizeof(zeros);
		if (syscall(SYS_write, fd, zeros, len) != (ssize_t)len)
			abort();
	}
}

static void make_files(const struct disk *disk, size_t n_calls, enum loss loss, const char *folder)
{
	for (size_t i = 0; i < disk->n_names; i++) {
		char path[512];
		int fd;

		text_format(path, sizeof(path), "%s/%s", folder, disk->names[i].text);
		fd = (int)syscall(SYS_openat, AT_FDCWD, path,
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			abort();
		fill(disk, n_calls, disk->names[i].file, loss, fd);
		(void)close(fd);
	}
}

bool lossy_disk_cut(size_t n_calls, unsigned way, const char *folder)
{
	static struct disk disk; /* too large for a stack */
	enum loss loss = way % LOSS_N;
	unsigned applied = way / LOSS_N, n_ways;
	size_t n_older;

	disk = (struct disk) { .is_made = false };
	for (size_t i = 0; i < n_calls; i++)
		replay(&disk, &record.calls[i]);
	n_older = disk.n_pending > MAX_FREE ? disk.n_pending - MAX_FREE : 0;
	n_ways = 1U << (disk.n_pending - n_older + (n_older > 0));
	if (applied == n_ways && loss == 0 && disk.is_made && !disk.is_folder_synced)
		return true; /* the folder itself is lost */
	if (applied >= n_ways)
		return false;
	for (size_t i = 0; i < disk.n_pending; i++)
		if (applied & 1U << (i < n_older ? MAX_FREE : i - n_older))
			apply(&disk, disk.pending[i]);
	make_files(&disk, n_calls, loss, folder);
	return true;
}
