#include "host/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES (8 * MIB)

/* mountinfo writes blank, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static const char *next_word(char **at)
{
	char *word = *at + strspn(*at, " ");
	size_t len = strcspn(word, " ");

	if (!len)
		return NULL;
	*at = word + len;
	if (**at)
		*(*at)++ = '\0';
	unescape(word);
	return word;
}

static bool parse_numbers(char **at, struct mount *mount)
{
	const char *from = *at;
	uint64_t id, parent, major, minor;

	if (!scan_u64(&from, &id) || !scan_u64(&from, &parent) || !scan_u64(&from, &major) ||
	    !scan_text(&from, ":") || !scan_u64(&from, &minor))
		return false;
	mount->id = (uint32_t)id;
	mount->parent_id = (uint32_t)parent;
	mount->major = (uint32_t)major;
	mount->minor = (uint32_t)minor;
	*at += from - *at;
	return true;
}

static bool parse_line(char *line, struct mount *mount_out)
{
	struct mount mount = { 0 };
	const char *word;

	if (!parse_numbers(&line, &mount))
		return false;
	mount.root = next_word(&line);
	mount.point = next_word(&line);
	mount.options = next_word(&line);
	/* Any number of optional fields (shared:1), ended by a lone dash. */
	do
		word = next_word(&line);
	while (word && strcmp(word, "-") != 0);
	mount.type = next_word(&line);
	mount.source = next_word(&line);
	mount.super_options = next_word(&line);
	/* A source may be the empty string, which no one can tell from a missing one. */
	if (mount.source && !mount.super_options) {
		mount.super_options = mount.source;
		mount.source = "";
	}
	if (!mount.options || !mount.super_options || mount.point[0] != '/')
		return false;
	*mount_out = mount;
	return true;
}

void mounts_parse(char *text, struct mounts *mounts_out)
{
	struct mounts mounts = { .text = text };
	char *line = text;

	while (line && *line) {
		char *next = strchr(line, '\n');
		struct mount mount;

		if (next)
			*next++ = '\0';
		if (parse_line(line, &mount)) {
			if (mounts.n == MOUNTS_MAX) {
				mounts.truncated = true;
				break;
			}
			if ((mounts.n & (mounts.n - 1)) == 0) {
				mounts.list = reallocarray(mounts.list, mounts.n ? mounts.n * 2 : 1,
							   sizeof(*mounts.list));
				if (!mounts.list)
					abort();
			}
			mounts.list[mounts.n++] = mount;
		}
		line = next;
	}
	*mounts_out = mounts;
}

int mounts_read(const struct host *host, struct mounts *mounts_out)
{
	static const char *const paths[] = { "proc/1/mountinfo", "proc/self/mountinfo" };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct buf text;

		buf_init(&text, TEXT_MAX_BYTES);
		r = host_read_buf(host, paths[i], &text);
		if (r == 0 && text.len) {
			mounts_parse(text.data, mounts_out);
			mounts_out->truncated |= text.dropped > 0;
			return 0;
		}
		buf_finish(&text);
	}
	return r < 0 ? r : -ENODATA;
}

void mounts_finish(struct mounts *mounts)
{
	free(mounts->list);
	free(mounts->text);
	*mounts = (struct mounts) { 0 };
}

void mounts_cleanup(struct mounts *mounts)
{
	mounts_finish(mounts);
}

static bool is_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (len == 1)
		return true;
	return strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

const struct mount *mounts_find(const struct mounts *mounts, const char *path)
{
	const struct mount *found = NULL;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *mount = &mounts->list[i];

		if (is_below(path, mount->point) &&
		    (!found || strlen(mount->point) >= strlen(found->point)))
			found = mount;
	}
	return found;
}

bool mount_has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool mount_is_read_only(const struct mount *mount)
{
	return mount_has_option(mount->options, "ro") ||
	       mount_has_option(mount->super_options, "ro");
}

static bool is_one_of(const char *type, const char *const *types)
{
	for (; *types; types++)
		if (strcmp(type, *types) == 0)
			return true;
	return false;
}

bool mount_is_pseudo(const struct mount *mount)
{
	static const char *const types[] = {
		"autofs",      "binfmt_misc", "bpf",        "cgroup",
		"cgroup2",     "configfs",    "debugfs",    "devpts",
		"efivarfs",    "fusectl",     "fuse.lxcfs", "hugetlbfs",
		"mqueue",      "nsfs",        "proc",       "pstore",
		"resctrl",     "rpc_pipefs",  "securityfs", "selinuxfs",
		"smackfs",     "sysfs",       "tracefs",    "fuse.gvfsd-fuse",
		"fuse.portal", NULL,
	};

	/* The tmpfs that holds the cgroup mounts is full of folders, and read-only by design. */
	return is_one_of(mount->type, types) || is_below(mount->point, "/sys") ||
	       is_below(mount->point, "/proc");
}

bool mount_is_image(const struct mount *mount)
{
	static const char *const types[] = { "cramfs",   "erofs", "iso9660", "romfs",
					     "squashfs", "udf",   NULL };

	return is_one_of(mount->type, types);
}

bool mount_is_network(const struct mount *mount)
{
	static const char *const types[] = { "9p",    "afs",  "beegfs",    "ceph",     "cifs",
					     "coda",  "gfs2", "glusterfs", "lustre",   "ncpfs",
					     "nfs",   "nfs4", "ocfs2",     "orangefs", "smb3",
					     "smbfs", NULL };

	return is_one_of(mount->type, types) || strncmp(mount->type, "fuse", 4) == 0;
}
