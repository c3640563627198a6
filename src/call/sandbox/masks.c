#include "call/sandbox/masks_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"
#include "call/sandbox/mounts_internal.h"
#include "call/sandbox/pods_internal.h"

#define SOCKETS_MAX_BYTES (2 * MIB)
#define MAX_SOCKETS 512
#define MAX_HOMES 256
#define PATH_BYTES 4096

static const char *const paths[] = {
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/gshadow",
	"/etc/gshadow-",
	"/etc/security/opasswd",
	"/etc/ssh/ssh_host_rsa_key",
	"/etc/ssh/ssh_host_dsa_key",
	"/etc/ssh/ssh_host_ecdsa_key",
	"/etc/ssh/ssh_host_ed25519_key",
	"/etc/krb5.keytab",
	"/etc/kubernetes/pki",
	"/etc/kubernetes/admin.conf",
	"/etc/constable/secrets",
	"/var/lib/constable",
	"/var/lib/kubelet/pki",
	"/var/lib/kubelet/pods",
	"/var/run/secrets/kubernetes.io",
	"/proc/kcore",
	"/proc/kmsg",
	"/proc/keys",
	"/proc/sysrq-trigger",
	"/proc/timer_list",
	"/proc/kallsyms",
	"/dev/mem",
	"/dev/port",
	"/dev/kmsg",
};

/* In the home of root and of everybody below /home. */
static const char *const in_homes[] = {
	".ssh",           ".gnupg",  ".kube",   ".aws",   ".docker",          ".azure",
	".config/gcloud", ".pgpass", ".my.cnf", ".netrc", ".git-credentials",
};

/* By type, wherever they are mounted: reading consumes (tracefs), shows kernel
 * memory, or makes the host mount something (autofs). */
static const char *const types[] = { "autofs", "debugfs", "tracefs", "bpf", "configfs" };

/* Where the empty nodes hang while they are copied; nothing below it is masked. */
#define SOURCE "/proc/tty"

#define COVER_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static int open_source(void)
{
	int file;

	if (mount("none", SOURCE, "tmpfs", COVER_FLAGS, "size=4k,mode=700") < 0)
		return -errno;
	file = open(SOURCE "/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0);
	if (file < 0 || close(file) < 0 || mkdir(SOURCE "/directory", 0) < 0)
		return -errno;
	return mount(NULL, SOURCE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | COVER_FLAGS, NULL) < 0
		       ? -errno
		       : 0;
}

static int close_source(void)
{
	return umount2(SOURCE, MNT_DETACH) < 0 ? -errno : 0;
}

static int cover_path(const char *path)
{
	struct stat status;

	/* Follows symbolic links: what they lead to is what must not be read. */
	if (stat(path, &status) < 0)
		return 0;
	if (mount(S_ISDIR(status.st_mode) ? SOURCE "/directory" : SOURCE "/file", path, NULL,
		  MS_BIND, NULL) == 0)
		return 0;
	/* Gone meanwhile; or a place where nothing can be mounted, which is a magic link. */
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static int cover_home(const char *home)
{
	char path[PATH_BYTES];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(in_homes) && r == 0; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", home, in_homes[i]);
		r = cover_path(path);
	}
	return r;
}

static int cover_homes(void)
{
	DIR *homes = opendir("/home");
	struct dirent *entry;
	char path[300];
	int r = cover_home("/root");

	for (int n = 0; homes && n < MAX_HOMES && r == 0; n++) {
		entry = readdir(homes);
		if (!entry)
			break;
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/home/%s", entry->d_name);
		r = cover_home(path);
	}
	if (homes)
		closedir(homes);
	return r;
}

static int cover_type(const struct mount_entry *entry, void *cookie UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(entry->type, types[i]) == 0)
			return cover_path(entry->path);
	return 0;
}

static bool is_declared(const struct target *target, const char *path)
{
	if (!target)
		return false;
	/* Servers bind it under its old name too, which is a link to the new one. */
	if (strncmp(path, "/var/run/", 9) == 0)
		path += 4;
	for (size_t i = 0; i < TARGET_MAX_SOCKETS && target->sockets[i]; i++)
		if (strncmp(path, target->sockets[i], strlen(target->sockets[i])) == 0)
			return true;
	return false;
}

/* Every socket that has a path. Second line: system call filters refuse AF_UNIX
 * wherever a profile has no target that needs it. */
static int cover_sockets(const struct target *target)
{
	CLEANUP(fd) int fd = open("/proc/1/net/unix", O_RDONLY | O_CLOEXEC);
	CLEANUP(buf) struct buf buf = { 0 };
	const char *at;
	struct str line;
	int r = 0;

	buf_init(&buf, SOCKETS_MAX_BYTES);
	if (fd < 0 || buf_read_fd(&buf, fd) < 0)
		return 0;
	at = buf_text(&buf);
	for (int n = 0; n < MAX_SOCKETS && r == 0 && scan_line(&at, &line);) {
		const char *slash = memchr(line.data, '/', line.len);
		char path[PATH_BYTES];

		if (!slash || slash[-1] == '@')
			continue;
		str_copy((struct str) { slash, line.len - (size_t)(slash - line.data) }, path,
			 sizeof(path));
		n++;
		if (!is_declared(target, path))
			r = cover_path(path);
	}
	return r;
}

/*
 * A job that may connect to unix sockets at all finds /run, /tmp and /dev/shm
 * empty but for the declared directories: a mask per socket would miss those
 * made after it.
 */
static int cover_runtime(const struct target *target)
{
	static const char *const emptied[] = { "/run", "/tmp", "/var/tmp" };
	const char *options = "size=64k,nr_inodes=64,mode=755";
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	CLEANUP(fd)
	int kept = open_tree(AT_FDCWD, target->sockets[0],
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	for (size_t i = 0; i < ARRAY_LEN(emptied); i++)
		if (mount("none", emptied[i], "tmpfs", flags, options) < 0 && errno != ENOENT)
			return -errno;
	if (kept < 0)
		return 0;
	if (mkdir(target->sockets[0], 0755) < 0 ||
	    move_mount(kept, "", AT_FDCWD, target->sockets[0], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int masks_add(const struct tree_request *request)
{
	int r = open_source();

	if (r == 0 && request->target && request->target->sockets[0])
		r = cover_runtime(request->target);
	for (size_t i = 0; i < ARRAY_LEN(paths) && r == 0; i++)
		r = cover_path(paths[i]);
	if (r == 0)
		r = cover_homes();
	if (r == 0)
		r = mounts_each(cover_type, NULL);
	if (r == 0)
		r = cover_sockets(request->target);
	if (r == 0)
		r = close_source();
	return r == 0 && request->namespaces ? pods_cover(request->namespaces) : r;
}
