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

/* What is being read: the skill, and what is left of the bounds of the set. */
struct reading {
	struct skill *skill;
	size_t n_files;
	size_t *bytes_left;
};

static int open_beneath(int folder_fd, const char *name, int flags)
{
	return openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);
}

/* A regular file as text, counted against the set. */
static int read_text(int folder_fd, const char *name, size_t *bytes_left, struct buf *out,
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
	if (out->dropped || out->len > *bytes_left)
		return error_set(err, -E2BIG, "'%s' is too large, or all skills together are",
				 name);
	*bytes_left -= out->len;
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

	if (reading->n_files++ == SKILL_MAX_FILES)
		return error_set(err, -E2BIG, "it has more than %d files", SKILL_MAX_FILES);
	r = read_text(folder_fd, name, reading->bytes_left, &text, err);
	if (r == 0)
		json_put(reading->skill->files, path, json_text(text.data, text.len));
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
		return place.depth == 0 && strcmp(name, "SKILL.md") == 0
			       ? 0
			       : add_file(reading, place.fd, path, name, err);
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

/* 0 also for a folder that is no skill. */
static int load_one(struct skills *skills, int folder_fd, const char *name, size_t *bytes_left,
		    struct error *err)
{
	CLEANUP(fd) int fd = open_beneath(folder_fd, name, O_DIRECTORY);
	CLEANUP(buf) struct buf text = { 0 };
	struct reading reading = { .bytes_left = bytes_left };
	int r;

	if (fd < 0 || faccessat(fd, "SKILL.md", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (skills->n == SKILLS_MAX)
		return error_set(err, -E2BIG, "there are more than %d skills", SKILLS_MAX);
	reading.skill = &skills->items[skills->n];
	r = read_text(fd, "SKILL.md", bytes_left, &text, err);
	if (r == 0)
		r = skill_parse(reading.skill, name, (struct str) { text.data, text.len }, err);
	if (r < 0)
		return r;
	skills->n++;
	return read_folder(&reading, (struct place) { fd, "", 0 }, err);
}

int skills_load(struct skills *skills, const char *folder, struct error *err)
{
	CLEANUP(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entries = NULL;
	size_t bytes_left = SKILLS_MAX_BYTES;
	int n, r;

	*skills = (struct skills) { 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "open '%s'", folder);
	n = list(fd, &entries, err);
	r = n < 0 ? n : 0;
	for (int i = 0; i < n; i++) {
		if (r == 0) {
			r = load_one(skills, fd, entries[i]->d_name, &bytes_left, err);
			if (r < 0)
				error_wrap(err, "skill '%.100s'", entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	if (r < 0)
		skills_finish(skills);
	return r;
}

void skills_finish(struct skills *skills)
{
	for (size_t i = 0; i < skills->n; i++)
		skill_finish(&skills->items[i]);
	skills->n = 0;
}

void skills_cleanup(struct skills *skills)
{
	skills_finish(skills);
}

const struct skill *skills_find(const struct skills *skills, const char *name)
{
	for (size_t i = 0; i < skills->n; i++)
		if (strcmp(skills->items[i].name, name) == 0)
			return &skills->items[i];
	return NULL;
}

json_t *skills_list(const struct skills *skills)
{
	json_t *list = json_array();

	for (size_t i = 0; i < skills->n; i++)
		json_push(list, json_pack("{s:s, s:s}", "name", skills->items[i].name,
					  "description", skill_description(&skills->items[i])));
	return list;
}
