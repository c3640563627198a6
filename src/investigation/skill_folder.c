/* Skills from a folder: read once, whole, and without following a link. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "investigation/skill.h"

#define PATH_BYTES 512
#define MAX_ENTRIES 512

/* What is being read: a skill's files, and what is left of the bounds. */
struct reading {
	json_t *files;
	size_t bytes_left;
};

static int open_beneath(int folder_fd, const char *name, int flags)
{
	return openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);
}

/* A regular file as text, counted against the bounds. */
static int read_text(struct reading *reading, int folder_fd, const char *name, struct buf *out,
		     struct error *err)
{
	CLEANUP(fd) int fd = open_beneath(folder_fd, name, 0);
	struct stat status;
	int r;

	if (fd < 0)
		return error_errno(err, "open '%s'", name);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, "'%s' is no regular file", name);
	buf_init(out, SKILL_FILE_MAX_BYTES);
	buf_add(out, "", 0);
	r = buf_read_fd(out, fd);
	if (r < 0)
		return error_set(err, r, "read '%s': %s", name, strerrordesc_np(-r));
	if (out->dropped || out->len > reading->bytes_left)
		return error_set(err, -E2BIG, "'%s' is too large, or all together are", name);
	reading->bytes_left -= out->len;
	if (!utf8_is_valid(out->data, out->len) || memchr(out->data, '\0', out->len))
		return error_set(err, -EBADMSG, "'%s' is no UTF-8 text", name);
	return 0;
}

/* Where in the skill one is: an open folder and its path with a slash, "" at the top. */
struct place {
	int fd;
	const char *prefix;
	unsigned depth;
};

static int read_folder(struct reading *reading, struct place place, struct error *err);

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Sorted, so that the order of a directory never shows. */
static int list(int folder_fd, struct dirent ***entries_out, struct error *err)
{
	int n = scandirat(folder_fd, ".", entries_out, is_visible, alphasort);

	if (n < 0)
		return error_errno(err, "read a folder of skills");
	if (n <= MAX_ENTRIES)
		return n;
	for (int i = 0; i < n; i++)
		free((*entries_out)[i]);
	free(*entries_out);
	return error_set(err, -E2BIG, "a folder of skills has more than %d entries", MAX_ENTRIES);
}

static int add_file(struct reading *reading, int folder_fd, const char *path, const char *name,
		    struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (!utf8_is_valid(path, strlen(path)))
		return error_set(err, -EBADMSG, "the name of a file is no UTF-8");
	if (json_object_size(reading->files) > SKILL_MAX_FILES)
		return error_set(err, -E2BIG, "it has more than %d files", SKILL_MAX_FILES);
	r = read_text(reading, folder_fd, name, &text, err);
	if (r == 0)
		json_put(reading->files, path, json_text(text.data, text.len));
	return r;
}

static int read_entry(struct reading *reading, struct place place, const char *name,
		      struct error *err)
{
	CLEANUP(fd) int fd = open_beneath(place.fd, name, O_DIRECTORY);
	char path[PATH_BYTES];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s%s", place.prefix, name);
	len = strlen(path);
	if (len >= sizeof(path) - 2)
		return error_set(err, -ENAMETOOLONG, "'%.100s...' is too long a path", path);
	if (fd < 0 && errno == ENOTDIR)
		return add_file(reading, place.fd, path, name, err);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	if (place.depth + 1 >= SKILL_MAX_DEPTH)
		return error_set(err, -E2BIG, "'%s' lies deeper than %d folders", path,
				 SKILL_MAX_DEPTH);
	path[len] = '/';
	path[len + 1] = '\0';
	return read_folder(reading, (struct place) { fd, path, place.depth + 1 }, err);
}

static int read_folder(struct reading *reading, struct place place, struct error *err)
{
	struct dirent **entries = NULL;
	int n = list(place.fd, &entries, err), r = n < 0 ? n : 0;

	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_entry(reading, place, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int skill_read_folder(const char *folder, json_t **files_out, struct error *err)
{
	CLEANUP(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(json) json_t *files = json_object();
	struct reading reading = { files, SKILL_MAX_BYTES };
	int r;

	if (fd < 0)
		return error_errno(err, "open '%s'", folder);
	r = read_folder(&reading, (struct place) { fd, "", 0 }, err);
	if (r < 0)
		return error_wrap(err, "%s", folder);
	*files_out = TAKE(files);
	return 0;
}

/* 0 also for a folder that is no skill. */
static int read_one(json_t *skills, int folder_fd, const char *name, size_t *bytes_left,
		    struct error *err)
{
	CLEANUP(fd) int fd = open_beneath(folder_fd, name, O_DIRECTORY);
	CLEANUP(json) json_t *files = json_object();
	struct reading reading = { files, *bytes_left };
	int r;

	if (fd < 0 || faccessat(fd, "SKILL.md", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (json_object_size(skills) == SKILLS_MAX)
		return error_set(err, -E2BIG, "there are more than %d skills", SKILLS_MAX);
	if (!utf8_is_valid(name, strlen(name)))
		return error_set(err, -EBADMSG, "its name is no UTF-8");
	r = read_folder(&reading, (struct place) { fd, "", 0 }, err);
	if (r < 0)
		return r;
	*bytes_left = reading.bytes_left;
	json_put(skills, name, TAKE(files));
	return 0;
}

static int read_each(json_t *skills, int folder_fd, struct error *err)
{
	struct dirent **entries = NULL;
	size_t bytes_left = SKILLS_MAX_BYTES;
	int n = list(folder_fd, &entries, err), r = n < 0 ? n : 0;

	for (int i = 0; i < n; i++) {
		if (r == 0) {
			r = read_one(skills, folder_fd, entries[i]->d_name, &bytes_left, err);
			if (r < 0)
				error_wrap(err, "skill '%.100s'", entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

int skills_read(const char *folder, json_t **skills_out, struct error *err)
{
	CLEANUP(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(json) json_t *skills = json_object();
	int r = 0;

	if (fd < 0 && errno != ENOENT)
		return error_errno(err, "open '%s'", folder);
	if (fd >= 0)
		r = read_each(skills, fd, err);
	if (r == 0)
		*skills_out = TAKE(skills);
	return r;
}

int skills_load(struct skills *skills, const char *folder, struct error *err)
{
	CLEANUP(json) json_t *all = NULL;
	int r = skills_read(folder, &all, err);
	const char *name;
	json_t *files;

	*skills = (struct skills) { 0 };
	json_object_foreach(all, name, files)
	{
		if (r < 0)
			break;
		r = skill_from_files(&skills->items[skills->n], name, files, err);
		if (r < 0)
			error_wrap(err, "skill '%.100s'", name);
		else
			skills->n++;
	}
	if (r < 0)
		skills_finish(skills);
	return r;
}
