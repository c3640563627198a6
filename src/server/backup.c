#include "server/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "identity/file.h"

#define PATH_BYTES 4352
#define COPY_BYTES (64 * KIB)

/* Key and certificate files only: no database, no lock, nothing that is half written. */
static bool belongs(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".key") == 0 || strcmp(dot, ".crt") == 0) && name[0] != '.';
}

static int add_file(json_t *files, const char *state, const char *name, struct error *err)
{
	char path[PATH_BYTES];
	CLEANUP(secret_buf) struct buf text = { 0 };
	const char *dot = strrchr(name, '.');
	int r;

	text_format(path, sizeof(path), "%s/%s", state, name);
	buf_init(&text, FILE_MAX_BYTES);
	r = strcmp(dot, ".key") == 0 ? file_load_private(path, &text, err)
				     : file_load_public(path, &text, err);
	if (r == 0)
		json_put(files, name, json_text(buf_text(&text), text.len));
	return r;
}

static int add_folder(json_t *files, const char *state, const char *below, struct error *err)
{
	char path[PATH_BYTES], name[PATH_BYTES];
	DIR *folder;
	const struct dirent *entry;
	int r = 0;

	text_format(path, sizeof(path), "%s/%s", state, below);
	folder = opendir(path);
	if (!folder)
		return error_errno(err, "open '%s'", path);
	while (r == 0 && (entry = readdir(folder)) != NULL) {
		if (!belongs(entry->d_name))
			continue;
		text_format(name, sizeof(name), "%s%s%s", below, *below ? "/" : "", entry->d_name);
		r = json_object_size(files) < BACKUP_MAX_FILES
			    ? add_file(files, state, name, err)
			    : error_set(err, -E2BIG, "too many keys");
	}
	(void)closedir(folder);
	return r;
}

json_t *backup_collect_keys(const char *state, struct error *err)
{
	CLEANUP(json) json_t *document = json_pack("{s:i, s:{}}", "format", 1, "files");
	json_t *files = json_object_get(document, "files");

	if (add_folder(files, state, "", err) < 0 || add_folder(files, state, "ca", err) < 0)
		return NULL;
	return TAKE(document);
}

int backup_save_keys(const json_t *document, const char *file, struct error *err)
{
	char path[PATH_BYTES];
	CLEANUP(text) char *text = json_canonical(document);
	struct stat database;
	int r;

	text_format(path, sizeof(path), "%s.keys", file);
	r = file_save_private(path, text, strlen(text), err);
	explicit_bzero(text, strlen(text));
	if (r < 0)
		return r;
	/* Both halves belong to whom the server runs as, also if root asked for them. */
	if (stat(file, &database) == 0 && database.st_uid != geteuid() &&
	    lchown(path, database.st_uid, database.st_gid) < 0)
		return error_errno(err, "give '%s' to the owner of '%s'", path, file);
	return 0;
}

static int copy_file(const char *from, const char *to, struct error *err)
{
	CLEANUP(fd) int in = open(from, O_RDONLY | O_CLOEXEC);
	CLEANUP(fd) int out = -1;
	char bytes[COPY_BYTES];
	ssize_t n;

	if (in < 0)
		return errno == ENOENT ? 0 : error_errno(err, "open '%s'", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return error_errno(err, "make '%s'", to);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (fd_write_all(out, bytes, (size_t)n) < 0)
			return error_errno(err, "write '%s'", to);
	if (n < 0 || fsync(out) < 0)
		return error_errno(err, "copy '%s'", from);
	return 0;
}

static bool is_key_name(const char *name)
{
	const char *base = strncmp(name, "ca/", 3) == 0 ? name + 3 : name;

	return belongs(base) && !strchr(base, '/');
}

static int restore_files(const char *state, json_t *files, struct error *err)
{
	const char *name;
	json_t *text;
	char path[PATH_BYTES];
	int r = 0;

	json_object_foreach(files, name, text)
	{
		if (!is_key_name(name) || !json_is_string(text))
			return error_set(err, -EBADMSG, "the backup has a file that is no key");
		text_format(path, sizeof(path), "%s/%s", state, name);
		r = strstr(name, ".key") ? file_save_private(path, json_string_value(text),
							     json_string_length(text), err)
					 : file_save_public(path, json_string_value(text),
							    json_string_length(text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_empty(const char *state, struct error *err)
{
	char path[PATH_BYTES];

	if (mkdir(state, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", state);
	text_format(path, sizeof(path), "%s/store.db", state);
	if (access(path, F_OK) == 0)
		return error_set(err, -ENOTEMPTY, "'%s' has a database already", state);
	text_format(path, sizeof(path), "%s/ca", state);
	if (mkdir(path, 0700) < 0)
		return error_set(err, -ENOTEMPTY, "'%s' has authorities already", state);
	return 0;
}

int backup_restore(const char *state, const char *file, struct error *err)
{
	char path[PATH_BYTES];
	CLEANUP(secret_buf) struct buf text = { 0 };
	CLEANUP(json) json_t *document = NULL;
	int r;

	buf_init(&text, BACKUP_MAX_BYTES);
	text_format(path, sizeof(path), "%s.keys", file);
	r = file_load_private(path, &text, err);
	if (r < 0)
		return r;
	document = json_parse(buf_text(&text), text.len, BACKUP_MAX_BYTES, err);
	if (!document || json_get_int(document, "format", 0) != 1)
		return error_set(err, -EBADMSG, "'%s' is no backup", path);
	r = make_empty(state, err);
	if (r == 0)
		r = restore_files(state, json_object_get(document, "files"), err);
	if (r < 0)
		return r;
	text_format(path, sizeof(path), "%s/store.db", state);
	return copy_file(file, path, err);
}
