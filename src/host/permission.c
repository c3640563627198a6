#include "host/permission.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"

#define MAX_LINKS 40

static void apply_recorded(const struct host *host, const char *path, struct stat *stat)
{
	CLEANUP(json) json_t *all = host_recorded(host, "stat");
	char key[PERMISSION_PATH_BYTES];
	const json_t *one;
	const char *mode;

	text_format(key, sizeof(key), "%s%s", path[0] == '/' ? "" : "/", path);
	one = json_object_get(all, key);
	stat->st_uid = (uid_t)json_get_int(one, "uid", 0);
	stat->st_gid = (gid_t)json_get_int(one, "gid", 0);
	/* A checkout's own times say nothing of the machine. */
	stat->st_mtime = stat->st_ctime = (time_t)json_get_int(one, "mtime", 0);
	mode = json_get_text(one, "mode", S_ISDIR(stat->st_mode) ? "0755" : NULL);
	if (mode)
		stat->st_mode =
			(stat->st_mode & (mode_t)S_IFMT) | ((mode_t)strtoul(mode, NULL, 8) & 07777);
}

static int stat_flags(const struct host *host, const char *path, int flags, struct stat *stat_out)
{
	CLEANUP(fd) int fd = -1;

	while (*path == '/')
		path++;
	fd = host_open(host, *path ? path : ".", O_PATH | flags);
	if (fd < 0)
		return fd;
	if (fstat(fd, stat_out) < 0)
		return -errno;
	if (host->is_fixture)
		apply_recorded(host, path, stat_out);
	return 0;
}

int host_stat(const struct host *host, const char *path, struct stat *stat_out)
{
	return stat_flags(host, path, 0, stat_out);
}

int host_lstat(const struct host *host, const char *path, struct stat *stat_out)
{
	return stat_flags(host, path, O_NOFOLLOW, stat_out);
}

static bool in_group(const struct account *account, gid_t gid)
{
	if (account->gid == gid)
		return true;
	for (size_t i = 0; i < account->n_groups; i++)
		if (account->groups[i] == gid)
			return true;
	return false;
}

static bool bits_allow(const struct account *account, const struct stat *stat, int wanted)
{
	unsigned shift = 0;

	if (account->uid == 0)
		return !(wanted & X_OK) || S_ISDIR(stat->st_mode) || (stat->st_mode & 0111);
	if (stat->st_uid == account->uid)
		shift = 6;
	else if (in_group(account, stat->st_gid))
		shift = 3;
	return ((stat->st_mode >> shift) & (unsigned)wanted) == (unsigned)wanted;
}

static bool has_acl(const struct host *host, const char *path)
{
	char real[PERMISSION_PATH_BYTES + 1];

	if (host->is_fixture)
		return false;
	text_format(real, sizeof(real), "%s", path);
	return getxattr(real, "system.posix_acl_access", NULL, 0) > 0;
}

/* The walk: 'done' is resolved and granted so far, 'left' is still to go. */
struct walk {
	const struct host *host;
	const struct account *account;
	char done[PERMISSION_PATH_BYTES];
	char left[PERMISSION_PATH_BYTES];
	unsigned n_links;
};

static int end(const struct walk *walk, int code, const struct stat *stat,
	       struct permission *permission)
{
	permission->code = code;
	permission->stat = *stat;
	text_format(permission->component, sizeof(permission->component), "%s",
		    walk->done[0] ? walk->done : "/");
	permission->has_acl = code == -EACCES && has_acl(walk->host, permission->component);
	return code;
}

/* Puts the target of the symlink at 'done' before what is left to go. */
static int follow(struct walk *walk)
{
	char target[PERMISSION_PATH_BYTES], joined[2 * PERMISSION_PATH_BYTES + 2];
	ssize_t len = host_readlink(walk->host, walk->done + 1, target, sizeof(target));
	char *slash = strrchr(walk->done, '/');

	if (len < 0)
		return (int)len;
	if (++walk->n_links > MAX_LINKS)
		return -ELOOP;
	text_format(joined, sizeof(joined), "%s/%s", target, walk->left);
	if (strlen(joined) >= sizeof(walk->left))
		return -ENAMETOOLONG;
	memcpy(walk->left, joined, strlen(joined) + 1);
	if (target[0] == '/')
		walk->done[0] = '\0';
	else if (slash)
		*slash = '\0';
	return 0;
}

/* Moves the next component from 'left' to 'done'; false when none is left. */
static bool advance(struct walk *walk)
{
	char *at = walk->left + strspn(walk->left, "/");
	size_t len = strcspn(at, "/"), used = strlen(walk->done);

	if (!len)
		return false;
	if (len == 2 && at[0] == '.' && at[1] == '.') {
		char *slash = strrchr(walk->done, '/');

		if (slash)
			*slash = '\0';
	} else if (!(len == 1 && at[0] == '.') && used + len + 2 < sizeof(walk->done)) {
		walk->done[used] = '/';
		memcpy(walk->done + used + 1, at, len);
		walk->done[used + len + 1] = '\0';
	}
	memmove(walk->left, at + len, strlen(at + len) + 1);
	return true;
}

void permission_check(const struct host *host, const struct account *account, const char *path,
		      int wanted, struct permission *permission_out)
{
	struct walk walk = { .host = host, .account = account };
	struct stat stat = { 0 };

	*permission_out = (struct permission) { 0 };
	if (strlen(path) >= sizeof(walk.left)) {
		(void)end(&walk, -ENAMETOOLONG, &stat, permission_out);
		return;
	}
	memcpy(walk.left, path, strlen(path) + 1);
	do {
		int r = host_lstat(host, walk.done[0] ? walk.done : "/", &stat);
		bool is_last = walk.left[strspn(walk.left, "/")] == '\0';

		if (r == 0 && S_ISLNK(stat.st_mode))
			r = follow(&walk);
		else if (r == 0 && !is_last && !S_ISDIR(stat.st_mode))
			r = -ENOTDIR;
		else if (r == 0 && !bits_allow(account, &stat, is_last ? wanted : X_OK))
			r = -EACCES;
		if (r < 0) {
			(void)end(&walk, r, &stat, permission_out);
			return;
		}
	} while (advance(&walk));
	permission_out->stat = stat;
}

static void mode_text(mode_t mode, char text[11])
{
	static const char bits[] = "rwxrwxrwx";

	text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
	for (int i = 0; i < 9; i++)
		text[i + 1] = mode & (0400u >> i) ? bits[i] : '-';
	text[10] = '\0';
}

void permission_describe(const struct host *host, const struct permission *permission, char *text,
			 size_t size)
{
	char user[ACCOUNT_NAME_BYTES], mode[11];

	if (permission->code != -EACCES) {
		text_format(text, size, "%s: %s", permission->component,
			    strerrordesc_np(-permission->code));
		return;
	}
	mode_text(permission->stat.st_mode, mode);
	text_format(text, size, "%s: %s owned by %s, group %u%s", permission->component, mode,
		    account_name(host, permission->stat.st_uid, user), permission->stat.st_gid,
		    permission->has_acl ? " (has an access control list, not read)" : "");
}
