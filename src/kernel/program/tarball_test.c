#include "kernel/program/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/test.h"

/* An archive as somebody else might make one. */
static void make(struct buf *out, void (*fill)(struct archive *writer))
{
	struct archive *writer = archive_write_new();
	size_t size = 4 * MIB, used = 0;
	CLEANUP(text) char *memory = malloc(size);

	(void)archive_write_add_filter_zstd(writer);
	(void)archive_write_set_format_pax_restricted(writer);
	CHECK_INT(archive_write_open_memory(writer, memory, size, &used), ARCHIVE_OK);
	fill(writer);
	CHECK_INT(archive_write_close(writer), ARCHIVE_OK);
	(void)archive_write_free(writer);
	buf_add(out, memory, used);
}

static void add(struct archive *writer, const char *name, mode_t type, size_t n_zeros)
{
	struct archive_entry *entry = archive_entry_new();
	static const char zeros[64 * 1024];

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)n_zeros);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, "/etc/shadow");
	CHECK_INT(archive_write_header(writer, entry), ARCHIVE_OK);
	for (; n_zeros; n_zeros -= n_zeros < sizeof(zeros) ? n_zeros : sizeof(zeros))
		CHECK(archive_write_data(writer, zeros,
					 n_zeros < sizeof(zeros) ? n_zeros : sizeof(zeros)) > 0);
	archive_entry_free(entry);
}

static void climb(struct archive *writer)
{
	add(writer, "../../etc/passwd", AE_IFREG, 1);
}

static void nest(struct archive *writer)
{
	add(writer, "folder/file", AE_IFREG, 1);
}

static void link_out(struct archive *writer)
{
	add(writer, "link", AE_IFLNK, 0);
}

static void make_device(struct archive *writer)
{
	add(writer, "device", AE_IFCHR, 0);
}

static void make_folder(struct archive *writer)
{
	add(writer, "folder", AE_IFDIR, 0);
}

static void repeat(struct archive *writer)
{
	add(writer, "same", AE_IFREG, 1);
	add(writer, "same", AE_IFREG, 1);
}

static void flood(struct archive *writer)
{
	char name[16];

	for (int i = 0; i <= TARBALL_MAX_FILES; i++) {
		text_format(name, sizeof(name), "file%d", i);
		add(writer, name, AE_IFREG, 1);
	}
}

static void explode(struct archive *writer)
{
	add(writer, "bomb", AE_IFREG, 40 * MIB);
}

static void hide(struct archive *writer)
{
	add(writer, ".hidden", AE_IFREG, 1);
}

TEST(what_no_build_makes_is_refused_with_its_reason)
{
	static const struct {
		void (*fill)(struct archive *writer);
		int code;
		const char *reason;
	} wrong[] = {
		{ climb, -EPERM, "outside of its own folder" },
		{ nest, -EPERM, "outside of its own folder" },
		{ link_out, -EPERM, "no regular file" },
		{ make_device, -EPERM, "no regular file" },
		{ make_folder, -EPERM, "" },
		{ hide, -EPERM, "no plain name" },
		{ repeat, -EBADMSG, "twice" },
		{ flood, -E2BIG, "more than 32 files" },
		{ explode, -E2BIG, "times its size" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };
		CLEANUP(buf) struct buf bytes = { 0 };
		struct error err = { 0 };

		buf_init(&bytes, 4 * MIB);
		make(&bytes, wrong[i].fill);
		CHECK_INT(tarball_unpack(bytes.data, bytes.len, &files, &err), wrong[i].code);
		if (!strstr(err.text, wrong[i].reason))
			FAIL("'%s' does not say '%s'", err.text, wrong[i].reason);
		CHECK_INT(files.n, 0);
	}
}

static void fill_files(struct tarball_files *files, const char *const names[2])
{
	*files = (struct tarball_files) { .n = 2 };
	for (size_t i = 0; i < 2; i++) {
		text_copy(files->at[i].name, sizeof(files->at[i].name), names[i]);
		files->at[i].data = strdup(names[i]);
		files->at[i].len = strlen(names[i]);
	}
}

TEST(the_same_files_are_the_same_bytes_in_any_order_and_come_back)
{
	static const char *const forwards[] = { "a.o", "manifest.json" };
	static const char *const backwards[] = { "manifest.json", "a.o" };
	CLEANUP(tarball_files) struct tarball_files one = { .n = 0 }, other = { .n = 0 };
	CLEANUP(tarball_files) struct tarball_files back = { .n = 0 };
	CLEANUP(buf) struct buf first = { 0 }, second = { 0 };
	struct error err = { 0 };

	buf_init(&first, MIB);
	buf_init(&second, MIB);
	fill_files(&one, forwards);
	fill_files(&other, backwards);
	CHECK_OK(tarball_pack(&one, &first, &err), err);
	CHECK_OK(tarball_pack(&other, &second, &err), err);
	CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	CHECK_OK(tarball_unpack(first.data, first.len, &back, &err), err);
	CHECK_INT(back.n, 2);
	CHECK(tarball_find(&back, "a.o") && !tarball_find(&back, "b.o"));
	CHECK_TEXT(tarball_find(&back, "manifest.json")->data, "manifest.json");
}

TEST(a_truncated_archive_is_damaged_wherever_it_ends)
{
	static const char *const names[] = { "a.o", "manifest.json" };
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };
	CLEANUP(buf) struct buf bytes = { 0 };
	struct error err = { 0 };

	buf_init(&bytes, MIB);
	fill_files(&files, names);
	CHECK_OK(tarball_pack(&files, &bytes, &err), err);
	for (size_t len = 1; len < bytes.len; len++) {
		CLEANUP(tarball_files) struct tarball_files back = { .n = 0 };
		struct error why = { 0 };

		CHECK_INT(tarball_unpack(bytes.data, len, &back, &why), -EBADMSG);
		CHECK(why.text[0]);
	}
}
