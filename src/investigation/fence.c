#include "investigation/fence.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/encoding.h"
#include "base/utf8.h"

#define RANDOM_BYTES ((FENCE_WORD_BYTES - 1) / 2)

int fence_init(struct fence *fence, struct error *err)
{
	unsigned char bytes[RANDOM_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(err, "make a random word");
	(void)hex_encode(bytes, sizeof(bytes), fence->word);
	return 0;
}

/* Controls, zero-width, bidirectional, variation selectors, tags. */
bool fence_hides(unsigned long code)
{
	static const struct {
		unsigned long first, last;
	} ranges[] = {
		{ 0x00, 0x08 },     { 0x0b, 0x1f },       { 0x7f, 0x9f },     { 0xad, 0xad },
		{ 0x34f, 0x34f },   { 0x61c, 0x61c },     { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static void put_code(unsigned long code, struct buf *out)
{
	if (code >= 0x10000)
		buf_add_format(out, "\\u%04lx\\u%04lx", 0xd800 + ((code - 0x10000) >> 10),
			       0xdc00 + ((code - 0x10000) & 0x3ff));
	else
		buf_add_format(out, "\\u%04lx", code);
}

static void show(struct str text, struct buf *out)
{
	for (size_t at = 0; at < text.len;) {
		size_t len = utf8_len(text.data + at, text.len - at);
		unsigned long code = len ? utf8_code_point(text.data + at, len) : 0xfffd;

		if (!len && !text.data[at])
			code = 0;
		if (!len || fence_hides(code))
			put_code(code, out);
		else
			buf_add(out, text.data + at, len);
		at += len ? len : 1;
	}
}

/* The word is looked for in what is shown: an escape's digits may have completed it. */
void fence_put_text(const struct fence *fence, struct str text, struct buf *out)
{
	CLEANUP(buf) struct buf shown = { 0 };
	const char *at, *end, *found;

	buf_init(&shown, 6 * text.len + 1);
	show(text, &shown);
	at = buf_text(&shown);
	end = at + shown.len;
	while ((found = memmem(at, (size_t)(end - at), fence->word, strlen(fence->word)))) {
		buf_add(out, at, (size_t)(found - at));
		buf_add_text(out, "[fence]");
		at = found + strlen(fence->word);
	}
	buf_add(out, at, (size_t)(end - at));
}

void fence_put(const struct fence *fence, const char *label, struct str text, struct buf *out)
{
	buf_add_format(out, "<evidence-%s %s>\n", fence->word, label);
	fence_put_text(fence, text, out);
	buf_add_format(out, "\n</evidence-%s>\n", fence->word);
}
