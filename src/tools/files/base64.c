#include "tools/files/base64.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t len, struct buf *out)
{
	const uint8_t *from = bytes;

	for (size_t at = 0; at < len; at += 3) {
		size_t n = len - at < 3 ? len - at : 3;
		uint32_t group = (uint32_t)from[at] << 16;
		char text[4];

		if (n > 1)
			group |= (uint32_t)from[at + 1] << 8;
		if (n > 2)
			group |= from[at + 2];
		for (size_t i = 0; i < 4; i++)
			text[i] = i <= n ? alphabet[group >> (18 - 6 * i) & 63] : '=';
		buf_add(out, text, 4);
	}
}

struct decoder {
	uint32_t group;
	unsigned n, n_padding;
};

static int decode_one(struct decoder *decoder, char c, struct buf *out)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	uint8_t bytes[3];

	if (c == '=' && decoder->n >= 2)
		decoder->n_padding++;
	else if (!at || decoder->n_padding)
		return -EBADMSG;
	decoder->group = decoder->group << 6 | (at ? (uint32_t)(at - alphabet) : 0);
	if (++decoder->n < 4)
		return 0;
	bytes[0] = (uint8_t)(decoder->group >> 16);
	bytes[1] = (uint8_t)(decoder->group >> 8);
	bytes[2] = (uint8_t)decoder->group;
	buf_add(out, bytes, 3 - decoder->n_padding);
	/* The padding is kept: nothing but blanks may follow it. */
	*decoder = (struct decoder) { .n_padding = decoder->n_padding };
	return 0;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	struct decoder decoder = { 0 };

	for (size_t i = 0; i < len; i++) {
		int r = isspace((unsigned char)text[i]) ? 0 : decode_one(&decoder, text[i], out);

		if (r < 0)
			return r;
	}
	return decoder.n ? -EBADMSG : 0;
}
