#include "cli/terminal/escape.h"

#include <wchar.h>

#define NOT_UTF8 UINT32_MAX

struct range {
	uint32_t first, last;
};

/* Reorder or hide text: Trojan Source's list, line separators, tags, private use stays. */
static const struct range deceptive[] = {
	{ 0x00ad, 0x00ad },   { 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x180e, 0x180e },
	{ 0x200b, 0x200b },   { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0x3164, 0x3164 },   { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff9, 0xfffb },
	{ 0xe0000, 0xe0fff },
};

static bool is_deceptive(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(deceptive); i++)
		if (c >= deceptive[i].first && c <= deceptive[i].last)
			return true;
	return false;
}

/* How many bytes a character has by its first one; 0 if none begins so. */
static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* One character from 'text', its bytes in 'used_out': one where it is not UTF-8. */
static uint32_t next_character(const char *text, size_t len, size_t *used_out)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t n = length_by_lead(bytes[0]);
	uint32_t c = n <= 1 ? bytes[0] : bytes[0] & (0xffu >> (n + 1));

	*used_out = 1;
	if (n == 0 || n > len)
		return NOT_UTF8;
	for (size_t i = 1; i < n; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return NOT_UTF8;
		c = c << 6 | (bytes[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return NOT_UTF8;
	*used_out = n;
	return c;
}

static void add_control(struct buf *out, unsigned char byte)
{
	if (byte == '\t')
		buf_add_text(out, " ");
	else if (byte == '\n')
		buf_add_text(out, "\\n");
	else if (byte == '\r')
		buf_add_text(out, "\\r");
	else
		buf_add_format(out, "\\x%02x", byte);
}

void escape_add(struct buf *out, const char *text, size_t len, enum charset charset)
{
	while (len) {
		size_t used;
		uint32_t c = next_character(text, len, &used);

		if (c == NOT_UTF8)
			buf_add_format(out, "\\x%02x", (unsigned char)*text);
		else if (c < ' ' || c == 0x7f)
			add_control(out, (unsigned char)c);
		else if (c >= 0x80 && (charset == CHARSET_ASCII || c < 0xa0 || is_deceptive(c)))
			buf_add_format(out, "\\u{%x}", (unsigned)c);
		else
			buf_add(out, text, used);
		text += used;
		len -= used;
	}
}

size_t escape_step(const char *text, size_t len)
{
	size_t used;

	(void)next_character(text, len, &used);
	return used;
}

unsigned escape_columns(const char *text, size_t len)
{
	unsigned columns = 0;

	while (len) {
		size_t used;
		uint32_t c = next_character(text, len, &used);
		int width = c == NOT_UTF8 ? 1 : wcwidth((wchar_t)c);

		/* A locale that does not know the character says -1. */
		columns += width < 0 ? 1 : (unsigned)width;
		text += used;
		len -= used;
	}
	return columns;
}
