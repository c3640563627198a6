#include "call/redact_stream.h"

#include <string.h>

#include "call/redact_internal.h"

/* A key's last lines may come without its first: "tail key.pem". */
#define LONG_KEY_LINE_BYTES 40
#define SHORT_KEY_LINE_BYTES 16

/* What the lines so far may be the beginning of. */
enum open_end {
	OPEN_NOTHING,
	OPEN_KEY,      /* after "-----BEGIN ... PRIVATE KEY-----" */
	OPEN_KEY_BODY, /* lines as inside a key */
	OPEN_LINE,     /* a backslash at its end */
};

void redact_stream_init(struct redact_stream *stream, struct redactor *redactor)
{
	*stream = (struct redact_stream) { .redactor = redactor };
	buf_init(&stream->held, REDACT_STREAM_MAX_BYTES);
}

void redact_stream_finish(struct redact_stream *stream)
{
	buf_finish(&stream->held);
}

static bool has(struct str line, const char *words)
{
	return memmem(line.data, line.len, words, strlen(words)) != NULL;
}

static bool is_key_body(struct str line, size_t min)
{
	struct text text = { line.data, line.len, 0 };
	size_t at = run_length(&text, 0, CHAR_BLANK, line.len);
	size_t len = run_length(&text, at, CHARS_B64, line.len - at);

	return len >= min &&
	       at + len + run_length(&text, at + len, CHAR_BLANK, line.len) == line.len;
}

static enum open_end follow(enum open_end before, struct str line)
{
	if (has(line, "-----END "))
		return OPEN_NOTHING;
	if (has(line, "-----BEGIN ") && has(line, "PRIVATE KEY"))
		return OPEN_KEY;
	if (line.len && line.data[line.len - 1] == '\\')
		return OPEN_LINE;
	if (before == OPEN_KEY && redact_is_key_line(line.data, line.len))
		return OPEN_KEY;
	if (is_key_body(line, LONG_KEY_LINE_BYTES))
		return OPEN_KEY_BODY;
	if (before == OPEN_KEY_BODY && is_key_body(line, SHORT_KEY_LINE_BYTES))
		return OPEN_KEY_BODY;
	return OPEN_NOTHING;
}

/* Where what can be passed on ends: behind the last line that leaves nothing open. */
static size_t find_border(const struct buf *held, size_t *last_line_out)
{
	enum open_end open = OPEN_NOTHING;
	size_t border = 0, at = 0;

	while (at < held->len) {
		const char *newline = memchr(held->data + at, '\n', held->len - at);
		struct str line = { held->data + at, 0 };

		if (!newline)
			break;
		line.len = (size_t)(newline - line.data);
		at += line.len + 1;
		open = follow(open, line);
		if (open == OPEN_NOTHING)
			border = at;
	}
	*last_line_out = at;
	return border;
}

static void pass_on(struct redact_stream *stream, size_t len, struct buf *out)
{
	struct buf *held = &stream->held;

	(void)redact_text(stream->redactor, held->data, len, out);
	memmove(held->data, held->data + len, held->len - len);
	held->len -= len;
}

/* Full: what is whole goes on, however open; a line that fills all of it is left out. */
static void make_room(struct redact_stream *stream, size_t last_line, struct buf *out)
{
	if (last_line) {
		pass_on(stream, last_line, out);
		return;
	}
	buf_clear(&stream->held);
	stream->skips_line = true;
	buf_add_text(out, "[a line too long to be shown as it comes]\n");
}

static size_t skip_line(struct redact_stream *stream, const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);

	if (!newline)
		return len;
	stream->skips_line = false;
	return (size_t)(newline - bytes) + 1;
}

void redact_stream_add(struct redact_stream *stream, const char *bytes, size_t len, struct buf *out)
{
	while (len) {
		size_t room = stream->held.max - stream->held.len, n, border, last_line;

		if (stream->skips_line) {
			n = skip_line(stream, bytes, len);
		} else {
			n = len < room ? len : room;
			buf_add(&stream->held, bytes, n);
			border = find_border(&stream->held, &last_line);
			if (border)
				pass_on(stream, border, out);
			else if (stream->held.len == stream->held.max)
				make_room(stream, last_line, out);
		}
		bytes += n;
		len -= n;
	}
}

void redact_stream_end(struct redact_stream *stream, struct buf *out)
{
	pass_on(stream, stream->held.len, out);
}
