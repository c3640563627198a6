#include "call/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

struct scene {
	struct redactor *redactor;
	struct progress *progress;
	int ends[2];
	struct buf shown[PROGRESS_N], result;
	int n_pieces;
};

static void scene_make(struct scene *scene)
{
	CHECK_INT(pipe2(scene->ends, O_CLOEXEC), 0);
	CHECK(fcntl(scene->ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	scene->redactor = redactor_new();
	scene->progress = progress_new(scene->ends[1], scene->redactor);
	for (unsigned i = 0; i < PROGRESS_N; i++)
		buf_init(&scene->shown[i], 1 * MIB);
	buf_init(&scene->result, 1 * MIB);
}

static void scene_cleanup(struct scene *scene)
{
	progress_free(scene->progress);
	redactor_free(scene->redactor);
	fd_close(&scene->ends[0]);
	fd_close(&scene->ends[1]);
	for (unsigned i = 0; i < PROGRESS_N; i++)
		buf_finish(&scene->shown[i]);
	buf_finish(&scene->result);
}

/* Reads all that was written, that many bytes at a time. */
static void read_all(struct scene *scene, size_t at_once)
{
	struct progress_reader reader;
	struct progress_piece piece;
	char bytes[PROGRESS_READ_BYTES];
	ssize_t n;

	fd_close(&scene->ends[1]);
	progress_reader_init(&reader);
	while ((n = read(scene->ends[0], bytes, at_once)) > 0) {
		progress_reader_add(&reader, bytes, (size_t)n);
		while (progress_decode(&reader, &piece) == 1) {
			buf_add(piece.is_result ? &scene->result : &scene->shown[piece.stream],
				piece.text.data, piece.text.len);
			scene->n_pieces++;
		}
	}
	CHECK_INT(reader.bytes.dropped, 0);
	progress_reader_finish(&reader);
}

TEST(what_is_shown_comes_before_the_result_and_is_redacted)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	progress_add(scene.progress, PROGRESS_STDOUT, "one\npassw", 9);
	progress_add(scene.progress, PROGRESS_STDERR, "warning\n", 8);
	progress_add(scene.progress, PROGRESS_STDOUT, "ord=hunter2hunter2\nrest", 23);
	CHECK_INT(progress_end(scene.progress, "{\"a\":1}", 7), 0);
	read_all(&scene, 3);
	CHECK_TEXT(buf_text(&scene.shown[PROGRESS_STDOUT]),
		   "one\npassword=[redacted:password]\nrest");
	CHECK_TEXT(buf_text(&scene.shown[PROGRESS_STDERR]), "warning\n");
	CHECK_TEXT(buf_text(&scene.result), "{\"a\":1}");
}

TEST(a_long_text_comes_in_pieces_that_split_no_character)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 1 * MIB);
	buf_add_text(&text, "x");
	while (text.len < 40 * KIB)
		buf_add_text(&text, "\xc3\xa4");
	buf_add_text(&text, "\n");
	scene_make(&scene);
	progress_add(scene.progress, PROGRESS_STDOUT, text.data, text.len);
	CHECK_INT(progress_end(scene.progress, text.data, text.len), 0);
	read_all(&scene, 5000);
	CHECK_TEXT(buf_text(&scene.shown[PROGRESS_STDOUT]), text.data);
	CHECK_TEXT(buf_text(&scene.result), text.data);
	CHECK_INT(scene.n_pieces, 12);
}

TEST(nobody_may_listen)
{
	progress_add(NULL, PROGRESS_STDOUT, "x\n", 2);
}

TEST(bytes_that_are_no_piece_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "x\0\0\0\1\0\0\0y", 9 },
		{ "o\0\1\0\1\0\0\0y", 9 },
		{ "o\0\0\0\1\0\1\0y", 9 },
		{ "r\0\0\0\377\377\377\377", 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct progress_reader reader;
		struct progress_piece piece;

		progress_reader_init(&reader);
		progress_reader_add(&reader, bad[i].bytes, bad[i].len);
		CHECK_INT(progress_decode(&reader, &piece), -EBADMSG);
		progress_reader_finish(&reader);
	}
}
