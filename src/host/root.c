#include "host/root_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel */

/* A path on its way: what is resolved, without links, and what is still to go. */
struct walk {
	char done[PATH_MAX];
	char rest[PATH_MAX];
	int n_links;
};

static void leave_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Cuts the next component off; false at the end. */
static bool take_component(struct walk *walk, char component[NAME_MAX + 1])
{
	size_t skip = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + skip, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(component, walk->rest + skip, len);
	component[len] = '\0';
	memmove(walk->rest, walk->rest + skip + len, strlen(walk->rest + skip + len) + 1);
	return true;
}

static int follow(struct walk *walk, const char *target)
{
	char rest[PATH_MAX];

	if (++walk->n_links > MAX_LINKS)
		return -ELOOP;
	if (strlen(target) + strlen(walk->rest) + 2 > sizeof(rest))
		return -ENAMETOOLONG;
	text_format(rest, sizeof(rest), "%s/%s", target, walk->rest);
	memcpy(walk->rest, rest, sizeof(rest));
	if (target[0] == '/')
		walk->done[0] = '\0';
	return 0;
}

static int step(struct walk *walk, int root_fd, const char *component, int flags)
{
	char next[PATH_MAX], target[PATH_MAX];
	bool is_last = walk->rest[strspn(walk->rest, "/")] == '\0';
	ssize_t len;

	if (strcmp(component, ".") == 0)
		return 0;
	if (strcmp(component, "..") == 0) {
		leave_last(walk->done);
		return 0;
	}
	if (strlen(walk->done) + strlen(component) + 2 > sizeof(next))
		return -ENAMETOOLONG;
	text_format(next, sizeof(next), "%s%s%s", walk->done, walk->done[0] ? "/" : "", component);
	len = is_last && (flags & O_NOFOLLOW)
		      ? -1
		      : readlinkat(root_fd, next, target, sizeof(target) - 1);
	if (len >= 0) {
		target[len] = '\0';
		return follow(walk, target);
	}
	memcpy(walk->done, next, sizeof(next));
	return 0;
}

int root_open_by_steps(int root_fd, const char *path, int flags)
{
	struct walk walk = { 0 };
	char component[NAME_MAX + 1];
	int fd;

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	text_format(walk.rest, sizeof(walk.rest), "%s", path);
	while (take_component(&walk, component)) {
		int r = step(&walk, root_fd, component, flags);

		if (r < 0)
			return r;
	}
	/* What is left is a name that is too long. */
	if (walk.rest[strspn(walk.rest, "/")])
		return -ENAMETOOLONG;
	fd = openat(root_fd, walk.done[0] ? walk.done : ".", flags);
	return fd < 0 ? -errno : fd;
}

int root_open(int root_fd, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)flags, .resolve = RESOLVE_IN_ROOT };
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd < 0 && errno == ENOSYS)
		return root_open_by_steps(root_fd, path, flags);
	return fd < 0 ? -errno : (int)fd;
}
