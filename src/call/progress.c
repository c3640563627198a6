#include "call/progress.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "call/redact_stream.h"

#define HEAD_BYTES 8
#define KIND_RESULT 'r'

static const char kinds[PROGRESS_N] = { 'o', 'e', 'n' };

struct progress {
	int fd;
	struct redact_stream streams[PROGRESS_N];
	size_t n_bytes; /* shown so far */
	int error;      /* nobody reads any more */
};

const char *progress_stream_name(enum progress_stream stream)
{
	static const char *const names[PROGRESS_N] = { "stdout", "stderr", "note" };

	return names[stream];
}

struct progress *progress_new(int fd, struct redactor *redactor)
{
	struct progress *progress = calloc(1, sizeof(*progress));

	if (!progress)
		abort();
	progress->fd = fd;
	for (unsigned i = 0; i < PROGRESS_N; i++)
		redact_stream_init(&progress->streams[i], redactor);
	return progress;
}

void progress_free(struct progress *progress)
{
	for (unsigned i = 0; progress && i < PROGRESS_N; i++)
		redact_stream_finish(&progress->streams[i]);
	free(progress);
}

static void write_piece(struct progress *progress, char kind, const char *bytes, size_t len)
{
	char head[HEAD_BYTES] = { kind };
	uint32_t wire = htole32((uint32_t)len);

	memcpy(head + 4, &wire, sizeof(wire));
	if (!progress->error)
		progress->error = fd_write_all(progress->fd, head, sizeof(head));
	if (!progress->error)
		progress->error = fd_write_all(progress->fd, bytes, len);
}

/* At a line's end if there is one, and never inside a character. */
static size_t cut(const char *bytes, size_t len)
{
	const char *newline;
	size_t n = PROGRESS_PIECE_BYTES;

	if (len <= PROGRESS_PIECE_BYTES)
		return len;
	newline = memrchr(bytes, '\n', n);
	if (newline)
		return (size_t)(newline - bytes) + 1;
	while (n > PROGRESS_PIECE_BYTES - 4 && ((unsigned char)bytes[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void show(struct progress *progress, enum progress_stream stream, const struct buf *text)
{
	size_t at = 0;

	while (at < text->len && progress->n_bytes < PROGRESS_MAX_BYTES) {
		size_t n = cut(text->data + at, text->len - at);

		write_piece(progress, kinds[stream], text->data + at, n);
		progress->n_bytes += n;
		at += n;
	}
}

void progress_add(struct progress *progress, enum progress_stream stream, const char *bytes,
		  size_t len)
{
	CLEANUP(buf) struct buf text = { 0 };

	if (!progress || progress->n_bytes >= PROGRESS_MAX_BYTES)
		return;
	/* A mark is longer than the shortest secret. */
	buf_init(&text, 32 * (len + REDACT_STREAM_MAX_BYTES));
	redact_stream_add(&progress->streams[stream], bytes, len, &text);
	show(progress, stream, &text);
}

int progress_end(struct progress *progress, const char *result, size_t len)
{
	for (unsigned i = 0; i < PROGRESS_N; i++) {
		CLEANUP(buf) struct buf text = { 0 };

		buf_init(&text, 32 * REDACT_STREAM_MAX_BYTES);
		redact_stream_end(&progress->streams[i], &text);
		show(progress, i, &text);
	}
	for (size_t at = 0; at < len; at += PROGRESS_PIECE_BYTES)
		write_piece(progress, KIND_RESULT, result + at,
			    len - at < PROGRESS_PIECE_BYTES ? len - at : PROGRESS_PIECE_BYTES);
	return progress->error;
}

/* --- reading ---------------------------------------------------------------------------- */

void progress_reader_init(struct progress_reader *reader)
{
	reader->at = 0;
	buf_init(&reader->bytes, HEAD_BYTES + PROGRESS_PIECE_BYTES + PROGRESS_READ_BYTES);
}

void progress_reader_finish(struct progress_reader *reader)
{
	buf_finish(&reader->bytes);
}

void progress_reader_add(struct progress_reader *reader, const char *bytes, size_t len)
{
	buf_add(&reader->bytes, bytes, len);
}

static bool parse_kind(char kind, struct progress_piece *piece)
{
	piece->is_result = kind == KIND_RESULT;
	if (piece->is_result)
		return true;
	for (unsigned i = 0; i < PROGRESS_N; i++) {
		piece->stream = i;
		if (kinds[i] == kind)
			return true;
	}
	return false;
}

/* What was not whole moves to the front, so that there is room for as much again. */
static int want_more(struct progress_reader *reader)
{
	struct buf *bytes = &reader->bytes;

	memmove(bytes->data, bytes->data + reader->at, bytes->len - reader->at);
	bytes->len -= reader->at;
	reader->at = 0;
	return 0;
}

int progress_decode(struct progress_reader *reader, struct progress_piece *piece_out)
{
	size_t len = reader->bytes.len - reader->at;
	const char *head = reader->bytes.data + reader->at;
	struct progress_piece piece = { 0 };
	uint32_t wire;

	if (!len)
		return reader->bytes.len ? want_more(reader) : 0;
	if (!parse_kind(head[0], &piece))
		return -EBADMSG;
	if (len < HEAD_BYTES)
		return want_more(reader);
	memcpy(&wire, head + 4, sizeof(wire));
	piece.text = (struct str) { head + HEAD_BYTES, le32toh(wire) };
	if (head[1] || head[2] || head[3] || piece.text.len > PROGRESS_PIECE_BYTES)
		return -EBADMSG;
	if (len < HEAD_BYTES + piece.text.len)
		return want_more(reader);
	reader->at += HEAD_BYTES + piece.text.len;
	*piece_out = piece;
	return 1;
}
