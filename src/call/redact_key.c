/* Private keys as files have them, whole and torn. */
#include <string.h>

#include "call/redact_internal.h"

#define KEY_MAX_BYTES (16 * KIB)
#define KEY_LINE_MAX_BYTES 128

static bool is_private_key(const struct text *text, size_t at, size_t *end_out)
{
	size_t end = at + run_length(text, at, CHAR_UPPER | CHAR_DIGIT | CHAR_BLANK, 48);
	static const char words[] = "PRIVATE KEY";

	if (end + 5 > text->len || memcmp(text->data + end, "-----", 5) != 0)
		return false;
	*end_out = end + 5;
	for (size_t i = at; i + sizeof(words) - 1 <= end; i++)
		if (memcmp(text->data + i, words, sizeof(words) - 1) == 0)
			return true;
	return false;
}

/* A line of a key's body ends at a newline, or at "\n" where it is escaped. */
static size_t line_end(const struct text *text, size_t at, size_t *next_out)
{
	size_t i = at;

	for (; i < text->len && i - at < 2 * KEY_LINE_MAX_BYTES; i++) {
		if (text->data[i] == '\n' ||
		    (text->data[i] == '\\' && i + 1 < text->len && strchr("nr", text->data[i + 1])))
			break;
	}
	*next_out = i + (i < text->len ? 1 + (text->data[i] == '\\') : 0);
	return i;
}

static bool is_key_line(const struct text *text, size_t at, size_t end)
{
	at += run_length(text, at, CHAR_BLANK, end - at);
	while (end > at && (char_bits(text->data[end - 1]) & CHAR_BLANK))
		end--;
	if (end - at > KEY_LINE_MAX_BYTES)
		return false;
	if (run_length(text, at, CHARS_B64, end - at) == end - at)
		return true;
	for (size_t i = at; i + 1 < end; i++)
		if (text->data[i] == ':' && text->data[i + 1] == ' ' && text->data[at] >= 'A' &&
		    text->data[at] <= 'Z')
			return true; /* "Proc-Type: 4,ENCRYPTED" */
	return false;
}

bool redact_is_key_line(const char *line, size_t len)
{
	struct text text = { line, len, 0 };

	return is_key_line(&text, 0, len);
}

static bool find_key_end(const struct text *text, size_t at, size_t *end_out)
{
	size_t max = text->len - at < KEY_MAX_BYTES ? text->len : at + KEY_MAX_BYTES;

	while (at < max) {
		const char *dash = memmem(text->data + at, max - at, "-----END ", 9);

		if (!dash)
			return false;
		at = (size_t)(dash - text->data) + 9;
		if (is_private_key(text, at, end_out))
			return true;
	}
	return false;
}

/* Without its last line a key ends where lines stop looking like one. */
bool match_key_begin(const struct text *text, const struct pattern *pattern, size_t at,
		     struct span *span_out)
{
	size_t end, next;

	if (!is_private_key(text, at + pattern->n_anchor, &end))
		return false;
	if (!find_key_end(text, end, &next)) {
		size_t stop = end;

		for (size_t i = end; i < text->len && i - end < KEY_MAX_BYTES; i = next) {
			size_t line = line_end(text, i, &next);

			if (!is_key_line(text, i, line))
				break;
			stop = line;
		}
		next = stop;
	}
	*span_out = (struct span) { at, next, pattern->kind };
	return true;
}

/* The tail of a key whose beginning was cut off, as the end of a file may be. */
bool match_key_end(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out)
{
	size_t start = at, end, next;

	if (!is_private_key(text, at + pattern->n_anchor, &end))
		return false;
	while (start > text->done && at - start < KEY_MAX_BYTES) {
		size_t line = start - 1;

		if (line > text->done && text->data[line] == 'n' && text->data[line - 1] == '\\')
			line--;
		while (line > text->done && text->data[line - 1] != '\n' &&
		       !(text->data[line - 1] == 'n' && line - 1 > text->done &&
			 text->data[line - 2] == '\\'))
			line--;
		if (line == start || !is_key_line(text, line, line_end(text, line, &next)))
			break;
		start = line;
	}
	*span_out = (struct span) { start, end, pattern->kind };
	return true;
}
