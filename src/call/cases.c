#include "call/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/small_file.h"

#define FILE_BYTES (CASES_NAME_BYTES + sizeof(CASES_SUFFIX))

/* By its name alone: behind the warden's walls no link can be followed. */
char *cases_find(const char *state_dir)
{
	size_t n = strlen(state_dir);
	char *folder = NULL;

	while (n > 1 && state_dir[n - 1] == '/')
		n--;
	while (n && state_dir[n - 1] != '/')
		n--;
	if (n < 2 || state_dir[0] != '/')
		return NULL;
	if (asprintf(&folder, "%.*scases", (int)n, state_dir) < 0)
		abort();
	return folder;
}

static bool holds(const char *root, const char *folder)
{
	size_t n = strlen(root);

	while (n && root[n - 1] == '/')
		n--;
	return strncmp(root, folder, n) == 0 && (folder[n] == '/' || !folder[n]);
}

static bool is_of_others(const struct caller *caller)
{
	return !caller->client[0] && !caller->on_behalf[0] && caller->uid != 0 &&
	       caller->uid != geteuid();
}

int cases_check(const struct policy *policy, const struct caller *caller, const char *folder,
		struct error *err)
{
	const char *const *roots = policy_roots(policy, policy_root_set(policy, caller));

	if (is_of_others(caller))
		return error_set(err, -EACCES,
				 "the investigations kept here are those of uid %u; your own are "
				 "in 'constable case list'",
				 (unsigned)geteuid());
	while (*roots && !holds(*roots, folder))
		roots++;
	return *roots ? 0
		      : error_set(err, -EACCES,
				  "kept investigations lie in '%s', which is below none of the "
				  "roots that %s may read",
				  folder, caller_name(caller));
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n && n < CASES_NAME_BYTES && name[0] != '.' && !strchr(name, '/');
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), n = strlen(CASES_SUFFIX);

	return entry->d_name[0] != '.' && len > n && len - n < CASES_NAME_BYTES &&
	       !strchr(entry->d_name, '\n') && strcmp(entry->d_name + len - n, CASES_SUFFIX) == 0;
}

/* Names in descending order: the newest come first. */
static int compare(const void *a, const void *b)
{
	return strcmp(b, a);
}

struct names {
	size_t n;
	char list[2 * CASES_MAX_LISTED][FILE_BYTES];
};

static void keep_newest(struct names *names)
{
	qsort(names->list, names->n, FILE_BYTES, compare);
	if (names->n > CASES_MAX_LISTED)
		names->n = CASES_MAX_LISTED;
}

static int read_names(DIR *dir, struct names *names, struct error *err)
{
	const struct dirent *entry;

	for (size_t n_read = 0; (entry = readdir(dir)); n_read++) {
		if (n_read == CASES_MAX_FILES)
			return error_set(err, -E2BIG,
					 "more than %d files are where investigations are kept",
					 CASES_MAX_FILES);
		if (!is_case(entry))
			continue;
		text_format(names->list[names->n++], FILE_BYTES, "%s", entry->d_name);
		if (names->n == ARRAY_LEN(names->list))
			keep_newest(names);
	}
	keep_newest(names);
	return 0;
}

static void add_lines(int folder_fd, const struct names *names, struct buf *out)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->list[i];
		struct stat status;

		if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			buf_add_format(out, "%lld %.*s\n", (long long)status.st_size,
				       (int)(strlen(name) - strlen(CASES_SUFFIX)), name);
	}
}

static int list(int folder_fd, struct buf *out, struct error *err)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct names *names;
	int r;

	if (!dir) {
		r = error_errno(err, "the kept investigations");
		fd_close(&fd);
		return r;
	}
	names = calloc(1, sizeof(*names));
	if (!names)
		abort();
	r = read_names(dir, names, err);
	if (r == 0)
		add_lines(folder_fd, names, out);
	free(names);
	(void)closedir(dir);
	return r;
}

int cases_load(const char *folder, const json_t *args, struct buf *out, struct error *err)
{
	CLEANUP(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *name = json_get_text(args, "name", NULL);
	char file[FILE_BYTES];
	int r;

	if (fd < 0 && (errno != ENOENT || !name))
		return errno == ENOENT ? 0 : error_errno(err, "%s", folder);
	if (!name)
		return list(fd, out, err);
	text_format(file, sizeof(file), "%s" CASES_SUFFIX, name);
	r = fd < 0 || !is_name(name) ? -ENOENT : small_file_load(fd, file, out, err);
	if (r == -ENOENT)
		return error_set(err, r, "no investigation '%.100s' is kept; list_cases names them",
				 name);
	return r;
}
