#include "tools/logs/log_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (64 * KIB)
#define MAX_NAMES 5000

static const char *const suffixes[] = { ".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".Z" };

bool log_archive_is_name(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		size_t suffix_len = strlen(suffixes[i]);

		if (len > suffix_len && strcmp(path + len - suffix_len, suffixes[i]) == 0)
			return true;
	}
	return false;
}

static ssize_t read_decoded(void *source, void *bytes, size_t size)
{
	la_ssize_t n = archive_read_data(source, bytes, size);

	/* A truncated or damaged file ends there; what came before is worth reading. */
	return n < 0 ? -EBADMSG : (ssize_t)n;
}

static void close_decoder(void *decoder)
{
	(void)archive_read_free(decoder);
}

/* Only compression filters and the raw format: no archive is ever unpacked. */
static struct archive *decoder_new(int fd, int *error_out)
{
	struct archive *decoder = archive_read_new();
	struct archive_entry *entry;
	int r;

	if (!decoder)
		abort();
	(void)archive_read_support_filter_gzip(decoder);
	(void)archive_read_support_filter_xz(decoder);
	(void)archive_read_support_filter_lzma(decoder);
	(void)archive_read_support_filter_zstd(decoder);
	(void)archive_read_support_filter_bzip2(decoder);
	(void)archive_read_support_filter_lz4(decoder);
	(void)archive_read_support_filter_compress(decoder);
	(void)archive_read_support_format_raw(decoder);
	(void)archive_read_support_format_empty(decoder);
	r = archive_read_open_fd(decoder, fd, BLOCK_BYTES);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(decoder, &entry);
	if (r == ARCHIVE_OK)
		return decoder;
	*error_out = r == ARCHIVE_EOF ? -ENODATA : -EBADMSG;
	close_decoder(decoder);
	return NULL;
}

int log_archive_open(struct log_file *file, struct task *task, const char *path,
		     const struct log_file_options *options)
{
	int r = 0;

	if (!log_archive_is_name(path))
		return log_file_open(file, task, path, options);
	r = log_file_start(file, task, path);
	if (r < 0)
		return r;
	file->decoder = decoder_new(file->fd, &r);
	if (!file->decoder)
		return r;
	file->decoder_close = close_decoder;
	file->first_line = 1;
	file->since_ns = options->since_ns;
	file->until_ns = options->until_ns ? options->until_ns : UINT64_MAX;
	lines_init_source(&file->lines, read_decoded, file->decoder, options->max_bytes);
	return 0;
}

/* ".1", ".2.gz", "-20261101", "-20261101-1700.xz": the part after the log's own name. */
static bool is_rotation(const char *rest)
{
	return (*rest == '.' || *rest == '-') && isdigit((unsigned char)rest[1]);
}

struct rotation {
	const char *name;
	bool is_dated; /* a later date is newer, a higher number is older */
	long number;
};

static int compare_rotations(const void *left, const void *right)
{
	const struct rotation *l = left, *r = right;

	if (l->is_dated != r->is_dated)
		return l->is_dated ? 1 : -1;
	if (l->number != r->number)
		return (l->number < r->number) == l->is_dated ? 1 : -1;
	return strcmp(l->name, r->name);
}

static size_t find_rotations(const json_t *names, const char *base, struct rotation *found)
{
	size_t base_len = strlen(base), n = 0, i;
	const json_t *name;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		const char *rest = text + base_len;

		if (strncmp(text, base, base_len) != 0 || !is_rotation(rest))
			continue;
		found[n].name = text;
		found[n].number = strtol(rest + 1, NULL, 10);
		found[n].is_dated = found[n].number > 9999;
		n++;
	}
	qsort(found, n, sizeof(*found), compare_rotations);
	return n;
}

json_t *log_archive_rotations(const struct host *host, const char *path, size_t max)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	CLEANUP(text) char *directory = strndup(path, (size_t)(base - path));
	CLEANUP(json) json_t *names = NULL;
	json_t *paths = json_pack("[o]", json_text(path, strlen(path)));
	struct rotation *found;
	size_t n;

	if (!directory || !paths)
		abort();
	names = host_list(host, directory[0] && directory[1] ? directory + 1 : ".", MAX_NAMES);
	found = calloc(json_array_size(names) + 1, sizeof(*found));
	if (!found)
		abort();
	n = *base ? find_rotations(names, base, found) : 0;
	for (size_t i = 0; i < n && json_array_size(paths) < max; i++) {
		CLEANUP(text) char *full = NULL;

		if (asprintf(&full, "%s%s", directory, found[i].name) < 0)
			abort();
		json_push(paths, json_text(full, strlen(full)));
	}
	free(found);
	return paths;
}
