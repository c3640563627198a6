#include "kernel/program/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define BLOCK_BYTES 10240

static void archive_read_cleanup(struct archive **reader)
{
	(void)archive_read_free(*reader);
}

static void archive_write_cleanup(struct archive **writer)
{
	(void)archive_write_free(*writer);
}

static void archive_entry_cleanup(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

void tarball_files_finish(struct tarball_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->at[i].data);
	files->n = 0;
}

void tarball_files_cleanup(struct tarball_files *files)
{
	tarball_files_finish(files);
}

bool tarball_is_name(const char *name)
{
	size_t len = strlen(name);

	return len && len < TARBALL_NAME_BYTES && name[0] != '.' &&
	       strspn(name, NAME_LETTERS) == len;
}

const struct tarball_file *tarball_find(const struct tarball_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->at[i].name, name) == 0)
			return &files->at[i];
	return NULL;
}

static int complain(struct archive *reader, struct error *err)
{
	const char *why = archive_error_string(reader);

	return error_set(err, -EBADMSG, "the archive is damaged: %.200s", why ? why : "no tar.zst");
}

static int check_entry(struct archive_entry *entry, const struct tarball_files *files,
		       struct error *err)
{
	const char *name = archive_entry_pathname(entry);

	if (!name || strchr(name, '/') || strcmp(name, "..") == 0)
		return error_set(err, -EPERM, "the archive names a file outside of its own folder");
	if (!tarball_is_name(name))
		return error_set(err, -EPERM, "the archive names a file that is no plain name");
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
	    archive_entry_symlink(entry))
		return error_set(err, -EPERM, "'%s' of the archive is no regular file", name);
	if (tarball_find(files, name))
		return error_set(err, -EBADMSG, "'%s' is in the archive twice", name);
	if (files->n == TARBALL_MAX_FILES)
		return error_set(err, -E2BIG, "the archive has more than %d files",
				 TARBALL_MAX_FILES);
	return 0;
}

static int read_entry(struct archive *reader, struct tarball_file *file, size_t room,
		      struct error *err)
{
	CLEANUP(buf) struct buf data = { 0 };
	char chunk[16 * 1024];
	la_ssize_t n;

	buf_init(&data, room);
	while ((n = archive_read_data(reader, chunk, sizeof(chunk))) > 0) {
		buf_add(&data, chunk, (size_t)n);
		if (data.dropped)
			return error_set(
				err, -E2BIG,
				"the archive unpacks to more than %zu MiB, or to more than "
				"%d times its size",
				TARBALL_MAX_BYTES / MIB, TARBALL_MAX_RATIO);
	}
	if (n < 0)
		return complain(reader, err);
	buf_add(&data, "", 0);
	file->len = data.len;
	file->data = malloc(data.len + 1);
	if (!file->data)
		abort();
	memcpy(file->data, buf_text(&data), data.len + 1);
	return 0;
}

static size_t room_for(size_t len)
{
	size_t room = MIB + len * TARBALL_MAX_RATIO;

	return room < TARBALL_MAX_BYTES ? room : TARBALL_MAX_BYTES;
}

static int read_all(struct archive *reader, struct tarball_files *files, size_t room,
		    struct error *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = archive_read_next_header(reader, &entry)) == ARCHIVE_OK) {
		struct tarball_file *file = &files->at[files->n];

		if (check_entry(entry, files, err) < 0 || read_entry(reader, file, room, err) < 0)
			return err->code;
		text_copy(file->name, sizeof(file->name), archive_entry_pathname(entry));
		room -= file->len;
		files->n++;
	}
	return r == ARCHIVE_EOF ? 0 : complain(reader, err);
}

int tarball_unpack(const void *bytes, size_t len, struct tarball_files *files_out,
		   struct error *err)
{
	CLEANUP(archive_read) struct archive *reader = archive_read_new();
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };

	if (!reader || archive_read_support_filter_zstd(reader) != ARCHIVE_OK ||
	    archive_read_support_format_tar(reader) != ARCHIVE_OK)
		abort();
	if (archive_read_open_memory(reader, bytes, len) != ARCHIVE_OK)
		return complain(reader, err);
	if (read_all(reader, &files, room_for(len), err) < 0)
		return err->code;
	*files_out = files;
	files.n = 0;
	return 0;
}

static int compare_files(const void *one, const void *other)
{
	const struct tarball_file *left = one, *right = other;

	return strcmp(left->name, right->name);
}

static int write_file(struct archive *writer, const struct tarball_file *file)
{
	CLEANUP(archive_entry) struct archive_entry *entry = archive_entry_new();

	if (!entry)
		abort();
	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_size(entry, (la_int64_t)file->len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (archive_write_header(writer, entry) != ARCHIVE_OK)
		return -EIO;
	return archive_write_data(writer, file->data, file->len) == (la_ssize_t)file->len ? 0
											  : -EIO;
}

static int write_all(struct archive *writer, const struct tarball_files *files, char *memory,
		     size_t size, size_t *used_out)
{
	int r = 0;

	if (archive_write_add_filter_zstd(writer) != ARCHIVE_OK ||
	    archive_write_set_options(writer, "zstd:compression-level=19") != ARCHIVE_OK ||
	    archive_write_set_format_ustar(writer) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(writer, 1) != ARCHIVE_OK ||
	    archive_write_open_memory(writer, memory, size, used_out) != ARCHIVE_OK)
		return -EIO;
	for (size_t i = 0; i < files->n && r == 0; i++)
		r = write_file(writer, &files->at[i]);
	return r == 0 && archive_write_close(writer) == ARCHIVE_OK ? 0 : -EIO;
}

int tarball_pack(struct tarball_files *files, struct buf *out, struct error *err)
{
	CLEANUP(archive_write) struct archive *writer = archive_write_new();
	size_t size = BLOCK_BYTES * 2, used = 0;
	CLEANUP(text) char *memory = NULL;

	qsort(files->at, files->n, sizeof(files->at[0]), compare_files);
	for (size_t i = 0; i < files->n; i++)
		size += files->at[i].len + files->at[i].len / 100 + 2048;
	memory = malloc(size);
	if (!writer || !memory)
		abort();
	if (write_all(writer, files, memory, size, &used) < 0)
		return error_set(err, -EIO, "pack the archive: %s", archive_error_string(writer));
	buf_add(out, memory, used);
	return out->dropped
		       ? error_set(err, -E2BIG, "the archive has more than %zu bytes", out->max)
		       : 0;
}
