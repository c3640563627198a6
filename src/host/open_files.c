#include "host/open_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/pids.h"

#define FILES_MAX 20000           /* in an answer */
#define FDS_PER_PROCESS_MAX 65536 /* looked at; the rest is counted */
#define DELETED_SUFFIX " (deleted)"

/* One /proc/PID/fd on its way into an answer. */
struct holder {
	struct process process;
	int dir_fd;
	size_t n_fds;
	bool is_whole; /* all its files, not only the telling ones */
	json_t *files;
};

struct fd_entry {
	const char *name; /* the number */
	char target[PATH_MAX];
	struct stat link, file;
	bool has_file;
};

static const char *type_of(const struct fd_entry *entry)
{
	if (strncmp(entry->target, "anon_inode:", 11) == 0)
		return "anon";
	/* A memfd is memory, however much it looks like a deleted file. */
	if (strncmp(entry->target, "/memfd:", 7) == 0)
		return "memory";
	if (strncmp(entry->target, "socket:", 7) == 0)
		return "socket";
	if (strncmp(entry->target, "pipe:", 5) == 0)
		return "pipe";
	if (!entry->has_file)
		return "other";
	if (S_ISREG(entry->file.st_mode))
		return "file";
	if (S_ISDIR(entry->file.st_mode))
		return "dir";
	if (S_ISCHR(entry->file.st_mode) || S_ISBLK(entry->file.st_mode))
		return "device";
	return S_ISFIFO(entry->file.st_mode) ? "pipe" : "other";
}

/* The link's own mode says how it was opened. */
static const char *access_of(const struct stat *link)
{
	bool reads = link->st_mode & S_IRUSR, writes = link->st_mode & S_IWUSR;

	if (reads)
		return writes ? "read-write" : "read";
	return writes ? "write" : "none";
}

static bool ends_with_deleted(const char *target)
{
	size_t len = strlen(target), suffix = strlen(DELETED_SUFFIX);

	return len > suffix && strcmp(target + len - suffix, DELETED_SUFFIX) == 0;
}

/* A file may really be named so: the count of its names decides. */
static bool is_deleted(const struct fd_entry *entry)
{
	return entry->has_file && entry->file.st_nlink == 0 && ends_with_deleted(entry->target);
}

static bool entry_read(int dir_fd, const char *name, struct fd_entry *entry)
{
	ssize_t len = readlinkat(dir_fd, name, entry->target, sizeof(entry->target) - 1);

	if (len < 0 || fstatat(dir_fd, name, &entry->link, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	entry->target[len] = '\0';
	entry->name = name;
	/* Of sockets and pipes the name tells all; a stat that could block is not made. */
	entry->has_file = entry->target[0] == '/' && fstatat(dir_fd, name, &entry->file, 0) == 0;
	return true;
}

static json_t *entry_json(const struct fd_entry *entry)
{
	bool deleted = is_deleted(entry);
	size_t len = strlen(entry->target) - (deleted ? strlen(DELETED_SUFFIX) : 0);
	const char *at = entry->name;
	json_t *json = json_object();
	char device[32];
	uint64_t fd = 0;

	(void)scan_u64(&at, &fd);
	json_put(json, "fd", json_count(fd));
	json_put(json, "path", json_text(entry->target, len));
	json_put(json, "type", json_string(type_of(entry)));
	json_put(json, "access", json_string(access_of(&entry->link)));
	json_put(json, "deleted", json_boolean(deleted));
	if (!entry->has_file)
		return json;
	(void)snprintf(device, sizeof(device), "%u:%u", major(entry->file.st_dev),
		       minor(entry->file.st_dev));
	json_put(json, "device", json_string(device));
	json_put(json, "inode", json_count(entry->file.st_ino));
	json_put(json, "size_bytes", json_count((uint64_t)entry->file.st_size));
	json_put(json, "disk_bytes", json_count((uint64_t)entry->file.st_blocks * 512));
	return json;
}

static bool is_telling(const struct fd_entry *entry)
{
	return entry->target[0] == '/' && strcmp(type_of(entry), "file") == 0 &&
	       ((entry->link.st_mode & S_IWUSR) || is_deleted(entry));
}

/* Calls 'visit' for each descriptor; false where the folder cannot be listed. */
static int visit_fds(const struct host *host, uint32_t pid,
		     void (*visit)(void *context, int dir_fd, const char *name), void *context)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/fd", pid);
	fd = host_open(host, path, O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fd < 0 ? fd : -errno;
	errno = 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			visit(context, dirfd(dir), entry->d_name);
	(void)closedir(dir);
	return 0;
}

struct gathering {
	const struct host *host;
	struct open_files_gaps *gaps;
	struct holder holder;
	json_t *answer;
	size_t n_entries;
};

static void visit_file(void *context, int dir_fd, const char *name)
{
	struct gathering *gathering = context;
	struct holder *holder = &gathering->holder;
	struct fd_entry entry;

	if (++holder->n_fds > FDS_PER_PROCESS_MAX || gathering->n_entries >= FILES_MAX) {
		gathering->gaps->truncated = true;
		return;
	}
	if (!entry_read(dir_fd, name, &entry) || !(holder->is_whole || is_telling(&entry)))
		return;
	json_push(holder->files, entry_json(&entry));
	gathering->n_entries++;
}

/* Gone is no gap: processes end. */
static void note_gap(struct open_files_gaps *gaps, int code)
{
	if (code >= 0 || code == -ENOENT || code == -ESRCH)
		return;
	gaps->n_unreadable++;
	gaps->code = code;
}

static void gather_files(struct gathering *gathering, uint32_t pid)
{
	struct holder *holder = &gathering->holder;
	json_t *json;
	int r;

	if (!process_read(gathering->host, pid, &holder->process) || holder->process.is_kernel)
		return;
	holder->n_fds = 0;
	holder->files = json_array();
	r = visit_fds(gathering->host, pid, visit_file, gathering);
	note_gap(gathering->gaps, r);
	if (r < 0) {
		json_decref(holder->files);
		return;
	}
	json = json_object();
	json_put(json, "pid", json_integer(pid));
	json_put(json, "comm", json_text(holder->process.comm, strlen(holder->process.comm)));
	json_put(json, "n_fds", json_integer((json_int_t)holder->n_fds));
	json_put(json, "files", TAKE(holder->files));
	json_push(gathering->answer, json);
}

static void for_each_pid(struct gathering *gathering, void (*gather)(struct gathering *, uint32_t))
{
	CLEANUP(pids) struct pids pids = { 0 };
	int r = pids_read(gathering->host, "proc", &pids);

	note_gap(gathering->gaps, r);
	gathering->gaps->truncated |= pids.truncated;
	for (size_t i = 0; i < pids.n; i++)
		gather(gathering, pids.list[i]);
}

json_t *open_files_json(const struct host *host, uint32_t pid, struct open_files_gaps *gaps_out)
{
	struct gathering gathering = {
		.host = host,
		.gaps = gaps_out,
		.holder.is_whole = pid != 0,
		.answer = json_array(),
	};

	*gaps_out = (struct open_files_gaps) { 0 };
	if (pid)
		gather_files(&gathering, pid);
	else
		for_each_pid(&gathering, gather_files);
	return gathering.answer;
}

static void visit_socket(void *context, int dir_fd, const char *name)
{
	struct gathering *gathering = context;
	const struct process *process = &gathering->holder.process;
	uint64_t inode, fd;
	char target[64];
	const char *at = target, *number = name;
	ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (len < 0)
		return;
	target[len] = '\0';
	if (!scan_text(&at, "socket:[") || !scan_u64(&at, &inode) || !scan_u64(&number, &fd))
		return;
	if (gathering->n_entries++ >= FILES_MAX) {
		gathering->gaps->truncated = true;
		return;
	}
	json_push(gathering->answer,
		  json_pack("{s:o, s:i, s:o, s:o}", "inode", json_count(inode), "pid",
			    (int)process->pid, "comm",
			    json_text(process->comm, strlen(process->comm)), "fd", json_count(fd)));
}

static void gather_sockets(struct gathering *gathering, uint32_t pid)
{
	if (process_read(gathering->host, pid, &gathering->holder.process) &&
	    !gathering->holder.process.is_kernel)
		note_gap(gathering->gaps, visit_fds(gathering->host, pid, visit_socket, gathering));
}

json_t *open_sockets_json(const struct host *host, struct open_files_gaps *gaps_out)
{
	struct gathering gathering = { .host = host, .gaps = gaps_out, .answer = json_array() };

	*gaps_out = (struct open_files_gaps) { 0 };
	for_each_pid(&gathering, gather_sockets);
	return gathering.answer;
}

bool open_files_count(const struct host *host, uint32_t pid, uint64_t *n_out)
{
	CLEANUP(fd) int fd = -1;
	struct stat folder;
	char path[64];

	/* A fixture's folder has a size of its own. */
	if (host->is_fixture)
		return false;
	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/fd", pid);
	fd = host_open(host, path, O_PATH | O_DIRECTORY);
	if (fd < 0 || fstat(fd, &folder) < 0 || folder.st_size <= 0)
		return false;
	*n_out = (uint64_t)folder.st_size;
	return true;
}
