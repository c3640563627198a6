#include "cli/ask/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"

#define CASE_MAX_BYTES (8 * MIB)
#define MAX_LISTED 1000
#define SUFFIX ".case.json"

static void folder_of(const struct cli *cli, char path[PATH_MAX])
{
	text_format(path, PATH_MAX, "%s/cases", cli->state);
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), n = strlen(SUFFIX);

	return entry->d_name[0] != '.' && len > n && strcmp(entry->d_name + len - n, SUFFIX) == 0;
}

json_t *kept_list(const struct cli *cli)
{
	char folder[PATH_MAX];
	struct dirent **entries = NULL;
	json_t *names = json_array();
	int n;

	folder_of(cli, folder);
	n = scandir(folder, &entries, is_case, alphasort);
	for (int i = n - 1; i >= 0; i--) {
		size_t len = strlen(entries[i]->d_name) - strlen(SUFFIX);

		if (json_array_size(names) < MAX_LISTED)
			json_push(names, json_text(entries[i]->d_name, len));
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* To a temporary name in the same folder, then into place: never half a case. */
int kept_write(const char *path, const json_t *bundle, struct error *err)
{
	CLEANUP(text) char *text = json_canonical(bundle);
	CLEANUP(fd) int fd = -1;
	char temporary[PATH_MAX];
	int r;

	text_format(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(err, "write the case to '%s'", path);
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0)
		r = fd_write_all(fd, "\n", 1);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return error_set(err, r, "write the case to '%s': %s", path, strerrordesc_np(-r));
	}
	return 0;
}

static void remove_oldest(const struct cli *cli, uint64_t keep)
{
	CLEANUP(json) json_t *names = kept_list(cli);
	char folder[PATH_MAX], path[PATH_MAX + 300];

	folder_of(cli, folder);
	for (size_t i = keep; i < json_array_size(names); i++) {
		text_format(path, sizeof(path), "%s/%s%s", folder,
			    json_string_value(json_array_get(names, i)), SUFFIX);
		(void)unlink(path); /* the next one tries again */
	}
}

int kept_add(const struct cli *cli, const json_t *bundle, char *path_out, size_t size,
	     struct error *err)
{
	uint64_t keep = config_get_count(cli->config, "kept_cases");
	char folder[PATH_MAX], time[CLOCK_TEXT_BYTES];
	int r;

	text_format(path_out, size, "%s", "");
	if (!keep)
		return 0;
	folder_of(cli, folder);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", folder);
	clock_format(clock_wall_ns(), time);
	for (char *at = time; *at; at++)
		if (*at == ':')
			*at = '-'; /* so that scp does not take it for a host */
	text_format(path_out, size, "%s/%s%s", folder, time, SUFFIX);
	r = kept_write(path_out, bundle, err);
	if (r == 0)
		remove_oldest(cli, keep);
	return r;
}

bool kept_path(const struct cli *cli, const char *name, char *path_out, size_t size)
{
	char folder[PATH_MAX];

	folder_of(cli, folder);
	text_format(path_out, size, "%s/%s%s", folder, name, SUFFIX);
	return name[0] != '.' && !strchr(name, '/') && access(path_out, F_OK) == 0;
}

int kept_find(const struct cli *cli, const char *what, char *path_out, size_t size,
	      struct error *err)
{
	CLEANUP(json) json_t *names = kept_list(cli);

	if (!what)
		what = json_string_value(json_array_get(names, 0));
	else if (access(what, F_OK) == 0) {
		text_format(path_out, size, "%s", what);
		return 0;
	}
	if (!what)
		return error_set(err, -ENOENT,
				 "no investigation is kept yet: run 'constable ask' first");
	if (!kept_path(cli, what, path_out, size))
		return error_set(err, -ENOENT,
				 "no case '%s': it is neither a file nor in 'constable case list'",
				 what);
	return 0;
}

json_t *kept_read(const char *path, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(buf) struct buf text = { 0 };
	json_t *bundle;
	int r;

	if (fd < 0) {
		error_errno(err, "open '%s'", path);
		return NULL;
	}
	buf_init(&text, CASE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "'%s' cannot be read as a case", path);
		return NULL;
	}
	bundle = json_parse(buf_text(&text), text.len, CASE_MAX_BYTES, err);
	if (bundle && json_get_int(bundle, "constable_case", 0) != 1) {
		json_decref(bundle);
		bundle = NULL;
		error_set(err, -EBADMSG, "it says of itself no 'constable_case' of version 1");
	}
	if (!bundle)
		error_wrap(err, "'%s' is no case", path);
	return bundle;
}
