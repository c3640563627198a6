#include "base/encoding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char *hex_encode(const void *bytes, size_t len, char *text)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = hex_digits[at[i] >> 4];
		text[2 * i + 1] = hex_digits[at[i] & 15];
	}
	text[2 * len] = '\0';
	return text;
}

bool hex_is(const char *text, size_t n_digits)
{
	return strlen(text) == n_digits && strspn(text, hex_digits) == n_digits;
}

static unsigned digit_value(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

int hex_decode(const char *text, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	if (!hex_is(text, 2 * len))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
	return 0;
}

static void encode_group(const uint8_t *from, size_t n, char text[4])
{
	uint32_t group = (uint32_t)from[0] << 16;

	if (n > 1)
		group |= (uint32_t)from[1] << 8;
	if (n > 2)
		group |= from[2];
	for (size_t i = 0; i < 4; i++)
		text[i] = i <= n ? alphabet[group >> (18 - 6 * i) & 63] : '=';
}

const char *base64_encode(const void *bytes, size_t len, char *text)
{
	const uint8_t *from = bytes;
	char *to = text;

	for (size_t at = 0; at < len; at += 3, to += 4)
		encode_group(from + at, len - at < 3 ? len - at : 3, to);
	*to = '\0';
	return text;
}

char *base64_text(const void *bytes, size_t len)
{
	char *text = malloc(BASE64_TEXT_BYTES(len));

	if (!text)
		abort();
	(void)base64_encode(bytes, len, text);
	return text;
}

char *base64url_text(const void *bytes, size_t len)
{
	char *text = base64_text(bytes, len);

	for (char *at = text; *at; at++) {
		if (*at == '=')
			*at = '\0';
		else
			*at = url_alphabet[strchr(alphabet, *at) - alphabet];
	}
	return text;
}

struct decoder {
	const char *alphabet;
	uint32_t group;
	unsigned n, n_padding;
};

static int decode_char(struct decoder *decoder, char c, struct buf *out)
{
	const char *at = c ? strchr(decoder->alphabet, c) : NULL;
	uint8_t bytes[3];

	if (c == '=' && decoder->n >= 2)
		decoder->n_padding++;
	else if (!at || decoder->n_padding)
		return -EBADMSG;
	decoder->group = decoder->group << 6 | (at ? (uint32_t)(at - decoder->alphabet) : 0);
	if (++decoder->n < 4)
		return 0;
	if (decoder->group & ((1U << (8 * decoder->n_padding)) - 1))
		return -EBADMSG;
	bytes[0] = (uint8_t)(decoder->group >> 16);
	bytes[1] = (uint8_t)(decoder->group >> 8);
	bytes[2] = (uint8_t)decoder->group;
	buf_add(out, bytes, 3 - decoder->n_padding);
	/* The padding is kept: nothing of the alphabet may follow it. */
	decoder->group = 0;
	decoder->n = 0;
	return 0;
}

static int decode(const char *text, size_t len, const char *skipped, struct buf *out)
{
	struct decoder decoder = { .alphabet = alphabet };

	for (size_t i = 0; i < len; i++) {
		bool skips = text[i] && strchr(skipped, text[i]);
		int r = skips ? 0 : decode_char(&decoder, text[i], out);

		if (r < 0)
			return r;
	}
	if (decoder.n)
		return -EBADMSG;
	return out->dropped ? -EFBIG : 0;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	return decode(text, len, "", out);
}

int base64_decode_lines(const char *text, size_t len, struct buf *out)
{
	return decode(text, len, " \t\r\n", out);
}

int base64url_decode(const char *text, size_t len, struct buf *out)
{
	struct decoder decoder = { .alphabet = url_alphabet };
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++)
		r = text[i] == '=' ? -EBADMSG : decode_char(&decoder, text[i], out);
	/* The padding that it goes without: none where it ends with a whole group. */
	while (r == 0 && decoder.n)
		r = decode_char(&decoder, '=', out);
	if (r < 0)
		return r;
	return out->dropped ? -EFBIG : 0;
}
