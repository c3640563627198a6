/* Attempts on the host's files. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/base.h"

#define PATH_OF(name) victim_path(facts, #name)
#define RESULT(call) ((call) < 0 ? -errno : 0)

/* A path inside the attempt's victim directory. */
static const char *inside(const struct canary_facts *facts, const char *name)
{
	static char path[224];

	(void)snprintf(path, sizeof(path), "%s/made", victim_path(facts, name));
	return path;
}

static int with_file(const char *path, int flags, int (*use)(int fd))
{
	int fd = open(path, flags | O_CLOEXEC);
	int r = fd < 0 ? -errno : use(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

int attempt_create_file(const struct canary_facts *facts)
{
	return write_byte(inside(facts, "create_file"), O_CREAT | O_WRONLY);
}

int attempt_write_file(const struct canary_facts *facts)
{
	return write_byte(PATH_OF(write_file), O_WRONLY);
}

int attempt_append_file(const struct canary_facts *facts)
{
	return write_byte(PATH_OF(append_file), O_WRONLY | O_APPEND);
}

int attempt_truncate_file(const struct canary_facts *facts)
{
	return RESULT(truncate(PATH_OF(truncate_file), 0));
}

int attempt_open_truncating(const struct canary_facts *facts)
{
	return RESULT(open(PATH_OF(open_truncating), O_RDONLY | O_TRUNC));
}

int attempt_chmod_file(const struct canary_facts *facts)
{
	return RESULT(chmod(PATH_OF(chmod_file), 0600));
}

int attempt_chown_file(const struct canary_facts *facts)
{
	return RESULT(chown(PATH_OF(chown_file), (uid_t)-1, 4));
}

int attempt_set_times(const struct canary_facts *facts)
{
	return RESULT(utimensat(AT_FDCWD, PATH_OF(set_times), NULL, 0));
}

int attempt_set_attribute(const struct canary_facts *facts)
{
	return RESULT(setxattr(PATH_OF(set_attribute), "user.canary", "x", 1, 0));
}

int attempt_remove_attribute(const struct canary_facts *facts)
{
	return RESULT(removexattr(PATH_OF(remove_attribute), "user.intact"));
}

int attempt_unlink_file(const struct canary_facts *facts)
{
	return RESULT(unlink(PATH_OF(unlink_file)));
}

int attempt_rename_file(const struct canary_facts *facts)
{
	char to[224];

	(void)snprintf(to, sizeof(to), "%s/renamed", facts->dir);
	return RESULT(rename(PATH_OF(rename_file), to));
}

int attempt_exchange_files(const struct canary_facts *facts)
{
	char to[224];

	(void)snprintf(to, sizeof(to), "%s/exchanged", facts->dir);
	return RESULT(syscall(SYS_renameat2, AT_FDCWD, PATH_OF(exchange_files), AT_FDCWD, to, 2));
}

int attempt_link_file(const struct canary_facts *facts)
{
	char to[224];

	(void)snprintf(to, sizeof(to), "%s/linked", facts->dir);
	return RESULT(link(PATH_OF(link_file), to));
}

int attempt_make_link_in_host(const struct canary_facts *facts)
{
	char from[192];

	(void)snprintf(from, sizeof(from), "%s", PATH_OF(exchanged));
	return RESULT(link(from, inside(facts, "make_link_in_host")));
}

int attempt_make_symlink(const struct canary_facts *facts)
{
	return RESULT(symlink("/etc/passwd", inside(facts, "make_symlink")));
}

int attempt_make_directory(const struct canary_facts *facts)
{
	return RESULT(mkdir(inside(facts, "make_directory"), 0777));
}

int attempt_make_fifo(const struct canary_facts *facts)
{
	return RESULT(mkfifo(inside(facts, "make_fifo"), 0666));
}

int attempt_make_device(const struct canary_facts *facts)
{
	return RESULT(mknod(inside(facts, "make_device"), S_IFBLK | 0666, makedev(7, 0)));
}

int attempt_make_unnamed_file(const struct canary_facts *facts)
{
	char from[40];
	int fd = open(PATH_OF(make_unnamed_file), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return RESULT(linkat(AT_FDCWD, from, AT_FDCWD, inside(facts, "make_unnamed_file"),
			     AT_SYMLINK_FOLLOW));
}

int attempt_bind_socket_file(const struct canary_facts *facts)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s",
		       inside(facts, "bind_socket_file"));
	return fd < 0 ? -errno : RESULT(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* The scratch space may be writable: a link from there must not lead out. */
int attempt_write_by_symlink(const struct canary_facts *facts)
{
	(void)unlink("/tmp/constable-attack-link");
	if (symlink(PATH_OF(write_by_symlink), "/tmp/constable-attack-link") < 0)
		return -errno;
	return write_byte("/tmp/constable-attack-link", O_WRONLY);
}

int attempt_write_by_own_root(const struct canary_facts *facts)
{
	char path[224];

	(void)snprintf(path, sizeof(path), "/proc/self/root%s", PATH_OF(write_by_own_root));
	return write_byte(path, O_WRONLY);
}

int attempt_write_by_own_cwd(const struct canary_facts *facts)
{
	if (chdir(facts->dir) < 0)
		return -errno;
	return write_byte("/proc/self/cwd/write_by_own_cwd", O_WRONLY);
}

int attempt_write_mapped(const struct canary_facts *facts)
{
	int fd = open(PATH_OF(write_mapped), O_RDWR | O_CLOEXEC);
	char *bytes;

	if (fd < 0)
		return -errno;
	bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	*bytes = 'x';
	return 0;
}

static int allocate(int fd)
{
	return RESULT(fallocate(fd, 0, 0, 65536));
}

int attempt_allocate_space(const struct canary_facts *facts)
{
	return with_file(PATH_OF(allocate_space), O_WRONLY, allocate);
}

static int punch(int fd)
{
	return RESULT(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

int attempt_punch_hole(const struct canary_facts *facts)
{
	return with_file(PATH_OF(punch_hole), O_WRONLY, punch);
}

static int copy_into(int fd)
{
	int from = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return RESULT(syscall(SYS_copy_file_range, from, NULL, fd, NULL, 16, 0));
}

int attempt_copy_range_into(const struct canary_facts *facts)
{
	return with_file(PATH_OF(copy_range_into), O_WRONLY, copy_into);
}

static int clone_into(int fd)
{
	int from = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return RESULT(ioctl(fd, FICLONE, from));
}

int attempt_clone_into(const struct canary_facts *facts)
{
	return with_file(PATH_OF(clone_into), O_WRONLY, clone_into);
}

static int splice_to(int fd)
{
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "x", 1) != 1)
		return -errno;
	return RESULT(syscall(SYS_splice, ends[0], NULL, fd, NULL, 1, 0));
}

int attempt_splice_into(const struct canary_facts *facts)
{
	return with_file(PATH_OF(splice_into), O_WRONLY, splice_to);
}

static int set_flags(int fd)
{
	int flags = FS_NOATIME_FL;

	return RESULT(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

int attempt_set_inode_flags(const struct canary_facts *facts)
{
	return with_file(PATH_OF(set_inode_flags), O_RDONLY, set_flags);
}

int attempt_write_by_io_uring(const struct canary_facts *facts)
{
	char params[120] = { 0 };
	long ring = syscall(425, 4, params);

	if (ring < 0)
		return -errno;
	return write_byte(PATH_OF(write_by_io_uring), O_WRONLY);
}

static int open_handle_of(const char *path, int flags)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} space = { .handle.handle_bytes = 128 };
	int mount_id, root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long fd;

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, path, &space.handle, &mount_id, 0) < 0)
		return -errno;
	fd = syscall(SYS_open_by_handle_at, root, &space.handle, flags);
	return fd < 0 ? -errno : (int)fd;
}

int attempt_write_by_handle(const struct canary_facts *facts)
{
	int fd = open_handle_of(PATH_OF(write_by_handle), O_WRONLY);

	return fd < 0 ? fd : RESULT(write(fd, "x", 1));
}

int attempt_open_by_handle(const struct canary_facts *facts)
{
	int fd = open_handle_of(PATH_OF(open_by_handle), O_RDONLY);

	return fd < 0 ? fd : 0;
}

int attempt_read_name_to_handle(const struct canary_facts *facts)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} space = { .handle.handle_bytes = 128 };
	int mount_id;

	return RESULT(
		syscall(SYS_name_to_handle_at, AT_FDCWD, facts->dir, &space.handle, &mount_id, 0));
}

/* One process swaps a link while another writes through it, until it has hit. */
int attempt_swap_symlink(const struct canary_facts *facts)
{
	const char *path = "/tmp/constable-attack-swap";
	struct stat before = { 0 }, now = { 0 };
	pid_t pid = fork();
	int r = -EPERM;

	if (pid == 0) {
		for (int i = 0; i < 20000; i++) {
			(void)unlink(path);
			(void)!symlink(i % 2 ? "/dev/null" : PATH_OF(swap_symlink), path);
		}
		_exit(0);
	}
	(void)stat(PATH_OF(swap_symlink), &before);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		r = write_byte(path, O_WRONLY) == 0 ? 0 : r;
		(void)stat(PATH_OF(swap_symlink), &now);
		if (now.st_mtim.tv_sec != before.st_mtim.tv_sec)
			break;
	}
	/* What it leaves last is tried too. */
	(void)waitpid(pid, NULL, 0);
	return write_byte(path, O_WRONLY) == 0 ? 0 : r;
}

int attempt_write_fifo(const struct canary_facts *facts)
{
	return write_byte(PATH_OF(fifo), O_WRONLY | O_NONBLOCK);
}

int attempt_write_shared_memory_file(const struct canary_facts *facts UNUSED)
{
	return write_byte("/dev/shm/constable-canary", O_WRONLY);
}
