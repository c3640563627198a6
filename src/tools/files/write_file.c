/* write_file: replaces a file as a whole, or makes it; never half, never through a symlink unasked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/fd.h"
#include "host/permission.h"
#include "tools/catalogue.h"
#include "tools/files/files.h"
#include "tools/files/parent.h"

#define MAX_BYTES MIB
#define NEW_FILE_MODE 0644
#define XATTR_LIST_BYTES 4096
#define XATTR_VALUE_BYTES (64 * KIB)

struct writing {
	const char *path; /* after symlinks, if following was asked for */
	char resolved[PERMISSION_PATH_BYTES];
	const char *name; /* in the directory */
	int directory;
	char temporary[64]; /* its name there; "" once it is gone */
	struct stat old;
	bool exists;
	mode_t mode;
};

static int fail(const struct writing *writing, const char *what, struct error *err)
{
	return error_errno(err, "%s '%s'", what, writing->path);
}

static int decode(const json_t *args, struct buf *content, struct error *err)
{
	const json_t *text = json_object_get(args, "content");
	size_t len = json_string_length(text);
	int r = 0;

	buf_init(content, MAX_BYTES);
	if (strcmp(json_get_text(args, "encoding", "utf-8"), "base64") == 0)
		r = base64_decode_lines(json_string_value(text), len, content);
	else
		buf_add(content, json_string_value(text), len);
	if (content->dropped)
		return error_set(err, -EFBIG, "the content is larger than 1 MiB");
	if (r < 0)
		return error_set(err, r, "'content' is not Base64");
	return 0;
}

static int look(struct writing *writing, struct error *err)
{
	if (fstatat(writing->directory, writing->name, &writing->old, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return fail(writing, "look at", err);
	}
	if (S_ISLNK(writing->old.st_mode))
		return error_set(err, -ELOOP,
				 "'%s' is a symbolic link; set follow_symlinks to write through it",
				 writing->path);
	if (S_ISDIR(writing->old.st_mode))
		return error_set(err, -EISDIR, "'%s' is a directory", writing->path);
	if (!S_ISREG(writing->old.st_mode))
		return error_set(err, -EINVAL, "'%s' is no regular file (%s)", writing->path,
				 files_type_name(writing->old.st_mode));
	writing->exists = true;
	return 0;
}

/* Labels and access lists of the old file; where the file system has none, that is all right. */
static void copy_attributes(const struct writing *writing, int to)
{
	CLEANUP(fd)
	int from = openat(writing->directory, writing->name,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char names[XATTR_LIST_BYTES], value[XATTR_VALUE_BYTES];
	ssize_t len = from < 0 ? -1 : flistxattr(from, names, sizeof(names));

	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof(value));

		if (n >= 0)
			(void)fsetxattr(to, name, value, (size_t)n, 0);
	}
}

static int fill(const struct writing *writing, int fd, const struct buf *content, struct error *err)
{
	int r = fd_write_all(fd, buf_text(content), content->len);

	if (r < 0)
		return error_set(err, r, "write '%s': %s", writing->path, strerrordesc_np(-r));
	if (writing->exists) {
		if (fchown(fd, writing->old.st_uid, writing->old.st_gid) < 0)
			return fail(writing, "keep the owner of", err);
		copy_attributes(writing, fd);
	}
	if (fchmod(fd, writing->mode) < 0)
		return fail(writing, "set the mode of", err);
	return fsync(fd) < 0 ? fail(writing, "sync", err) : 0;
}

static int replace(struct writing *writing, const struct buf *content, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	int r;

	(void)snprintf(writing->temporary, sizeof(writing->temporary), ".constable.%d.%llx",
		       (int)getpid(), (unsigned long long)clock_monotonic_ns());
	fd = openat(writing->directory, writing->temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		writing->temporary[0] = '\0';
		return fail(writing, "make a temporary file beside", err);
	}
	r = fill(writing, fd, content, err);
	if (r < 0)
		return r;
	if (renameat(writing->directory, writing->temporary, writing->directory, writing->name) < 0)
		return fail(writing, "replace", err);
	writing->temporary[0] = '\0';
	return fsync(writing->directory) < 0 ? fail(writing, "sync the directory of", err) : 0;
}

static int write_content(struct task *task, struct writing *writing, const json_t *args,
			 const struct buf *content, struct error *err)
{
	CLEANUP(fd) int directory = -1;
	int r;

	directory = writing->directory =
		parent_open(task->host, writing->path, &writing->name, err);
	if (directory < 0)
		return directory;
	r = look(writing, err);
	if (r < 0)
		return r;
	writing->mode = (mode_t)strtoul(json_get_text(args, "mode", "0"), NULL, 8) & 07777;
	if (!writing->mode)
		writing->mode = writing->exists ? writing->old.st_mode & 07777 : NEW_FILE_MODE;
	r = replace(writing, content, err);
	if (r < 0 && writing->temporary[0])
		(void)unlinkat(directory, writing->temporary, 0);
	return r;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(buf) struct buf content = { 0 };
	struct writing writing = { .directory = -1 };
	char mode[8];
	int r = files_path_argument(args, "file_path", &writing.path, err);

	if (r == 0)
		r = decode(args, &content, err);
	if (r == 0 && json_get_bool(args, "follow_symlinks", false)) {
		r = parent_resolve(task->host, writing.path, writing.resolved,
				   sizeof(writing.resolved), err);
		writing.path = writing.resolved;
	}
	if (r == 0)
		r = write_content(task, &writing, args, &content, err);
	if (r < 0)
		return r;
	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned)writing.mode);
	json_put(result, "path", json_text(writing.path, strlen(writing.path)));
	json_put(result, "n_bytes", json_integer((json_int_t)content.len));
	json_put(result, "created", json_boolean(!writing.exists));
	json_put(result, "mode", json_string(mode));
	if (writing.exists && writing.old.st_nlink > 1)
		json_put(result, "hard_links_left",
			 json_integer((json_int_t)writing.old.st_nlink - 1));
	return 0;
}

const struct tool tool_write_file = {
	.info = {
		.name = "write_file",
		.summary = "Replaces a file as a whole, or makes it, keeping owner and mode; never half "
			   "and never through a symbolic link unasked.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"content\"],\"properties\":{"
			  "\"path\":{\"type\":\"string\",\"format\":\"path\"},"
			  "\"file_path\":{\"type\":\"string\",\"format\":\"path\","
			  "\"description\":\"the same as path\"},"
			  "\"content\":{\"type\":\"string\",\"maxLength\":1400000},"
			  "\"encoding\":{\"type\":\"string\",\"enum\":[\"utf-8\",\"base64\"],"
			  "\"default\":\"utf-8\"},"
			  "\"mode\":{\"type\":\"string\",\"enum\":[\"0600\",\"0640\",\"0644\",\"0660\","
			  "\"0664\",\"0700\",\"0750\",\"0755\"],\"description\":"
			  "\"of the file; without it the old one's, or 0644\"},"
			  "\"follow_symlinks\":{\"type\":\"boolean\",\"default\":false}}}",
		.result = "path: string, n_bytes: integer, created: boolean, mode: string, "
			"hard_links_left?: integer",
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_HOST,
	},
	.run = run,
};
