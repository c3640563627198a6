#include "call/sandbox/tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/masks_internal.h"
#include "call/sandbox/mounts_internal.h"

#define SCRATCH_OPTIONS "size=64m,nr_inodes=16k,mode=1777"
#define SHARED_MEMORY_OPTIONS "size=16m,nr_inodes=1k,mode=1777"

/* Where the new tree hangs for a moment; exists wherever this can run at all. */
#define STAGE "/proc"

static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
};

static int restrict_tree(int tree_fd, const struct tree_request *request)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};

	if (!(request->walls & WALL_READ_ONLY))
		return 0;
	if (request->features_off & FEATURE_MOUNT_SETATTR)
		return -ENOSYS;
	return mount_setattr(tree_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0
		       ? -errno
		       : 0;
}

/* Makes the directory we are in the root and lets go of the old one. */
static int change_root(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
	if (errno != EINVAL)
		return -errno;
	/* The root is an initramfs or a chroot, which cannot be pivoted away. */
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static int enter_clone(const struct tree_request *request)
{
	CLEANUP(fd) int tree_fd = -1;
	int restricted;
	int r;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	tree_fd = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree_fd < 0)
		return -errno;
	restricted = restrict_tree(tree_fd, request);
	if (restricted < 0 && restricted != -ENOSYS)
		return restricted;
	if (move_mount(tree_fd, "", AT_FDCWD, STAGE, MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    chdir(STAGE) < 0)
		return -errno;
	r = change_root();
	if (r == 0 && restricted == -ENOSYS)
		r = mounts_make_read_only();
	return r;
}

static void open_devices(int fds[ARRAY_LEN(devices)])
{
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		fds[i] = open_tree(AT_FDCWD, devices[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* The tree is nodev: these few nodes come back as mounts of their own. */
static int add_devices(int fds[ARRAY_LEN(devices)])
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		if (fds[i] >= 0 && r == 0 &&
		    move_mount(fds[i], "", AT_FDCWD, devices[i], MOVE_MOUNT_F_EMPTY_PATH) < 0)
			r = -errno;
		fd_close(&fds[i]);
	}
	return r;
}

int tree_add_scratch(void)
{
	unsigned long flags = MS_NOSUID | MS_NODEV;

	if (mount("none", "/tmp", "tmpfs", flags, SCRATCH_OPTIONS) < 0)
		return -errno;
	/* A host without /dev/shm needs no private one. */
	if (mount("none", "/dev/shm", "tmpfs", flags, SHARED_MEMORY_OPTIONS) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int tree_add_proc(void)
{
	unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	/* Before 5.8 it cannot be cut down to processes; those files need root anyway. */
	if (mount("proc", "/proc", "proc", flags, "subset=pid,hidepid=invisible") == 0 ||
	    mount("proc", "/proc", "proc", flags, "hidepid=2") == 0)
		return 0;
	return -errno;
}

int tree_build(const struct tree_request *request)
{
	int device_fds[ARRAY_LEN(devices)];
	int r;

	open_devices(device_fds);
	r = enter_clone(request);
	if (r == 0 && request->walls & WALL_READ_ONLY)
		r = add_devices(device_fds);
	if (r == 0 && request->walls & WALL_MASKS)
		r = masks_add(request);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		fd_close(&device_fds[i]);
	return r;
}

/* --- the template --------------------------------------------------------------- */

struct made {
	int32_t code;
	int32_t fds[2];
};

static void build_and_wait(const struct tree_request *request, int to_parent, int from_parent)
{
	int flags = CLONE_NEWNS | (request->walls & WALL_NET_NS ? CLONE_NEWNET : 0);
	int code = unshare(flags) < 0 ? -errno : tree_build(request);
	char byte;

	if (write(to_parent, &code, sizeof(code)) == sizeof(code))
		(void)!read(from_parent, &byte, 1); /* until the parent has what it wants */
	_exit(0);
}

static int open_namespace(pid_t pid, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int keep_namespaces(struct tree *tree, const struct tree_request *request, pid_t pid)
{
	tree->mount_ns = open_namespace(pid, "mnt");
	if (tree->mount_ns < 0)
		return -errno;
	if (!(request->walls & WALL_NET_NS))
		return 0;
	tree->net_ns = open_namespace(pid, "net");
	return tree->net_ns < 0 ? -errno : 0;
}

int tree_open(struct tree *tree, const struct tree_request *request, struct error *err)
{
	int up[2] = { -1, -1 }, down[2] = { -1, -1 };
	int code = -EPIPE;
	pid_t pid = -1;

	*tree = (struct tree) { .mount_ns = -1, .net_ns = -1 };
	if (pipe2(up, O_CLOEXEC) == 0 && pipe2(down, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		close(down[1]);
		build_and_wait(request, up[1], down[0]);
	}
	fd_close(&up[1]);
	if (pid > 0 && fd_read_all(up[0], &code, sizeof(code)) == 0 && code == 0)
		code = keep_namespaces(tree, request, pid);
	fd_close(&up[0]);
	fd_close(&down[0]);
	fd_close(&down[1]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	if (code == 0)
		return 0;
	tree_close(tree);
	return error_set(err, code, "build the sandbox's mount tree: %s", strerrordesc_np(-code));
}

void tree_close(struct tree *tree)
{
	fd_close(&tree->mount_ns);
	fd_close(&tree->net_ns);
}
