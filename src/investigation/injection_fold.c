#include "investigation/injection_fold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/utf8.h"
#include "investigation/fence.h"

#define LEAST_BASE64_BYTES 20
#define LEAST_HEX_BYTES 24

/* Letters that look like these Latin ones: Greek, Cyrillic, IPA, small capitals. */
static const struct {
	char latin;
	const char *alike;
} alike[] = {
	{ 'a', "аαɑᴀ" }, { 'b', "вβʙЬь" }, { 'c', "сϲᴄ" }, { 'd', "ԁɗᴅ" },   { 'e', "еєεᴇҽ" },
	{ 'f', "ғꜰ" },   { 'g', "ɡɢց" },   { 'h', "һнʜ" }, { 'i', "іιɪıӏ" }, { 'j', "јᴊ" },
	{ 'k', "кκᴋ" },  { 'l', "ʟⅼ" },    { 'm', "мᴍ" },  { 'n', "ոηɴп" },  { 'o', "оοᴏօ" },
	{ 'p', "рρᴘ" },  { 'q', "ԛ" },     { 'r', "гʀ" },  { 's', "ѕꜱ" },    { 't', "тτᴛ" },
	{ 'u', "υսᴜ" },  { 'v', "ѵνᴠ" },   { 'w', "ԝωᴡ" }, { 'x', "хχ" },    { 'y', "уγʏү" },
	{ 'z', "ᴢ" },
};

/* Latin letters with accents, U+00C0 to U+017F; '.' is none. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo.ouuuuy.saaaaaaaceeeeiiiidnooooo.ouuuuy.y"
				 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiijjjjkkklllllll"
				 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static unsigned long lower(unsigned long code)
{
	if (code < 0x80)
		return (unsigned long)tolower((int)code);
	if ((code >= 0x410 && code <= 0x42f) || (code >= 0x391 && code <= 0x3a9))
		return code + 0x20;
	if (code >= 0x400 && code <= 0x40f)
		return code + 0x50;
	return code;
}

/* Other ways to write ASCII: full width, mathematical, circled, tags. */
static unsigned long plain(unsigned long code)
{
	if (code >= 0xff01 && code <= 0xff5e)
		return lower(code - 0xff01 + '!');
	if (code >= 0xe0020 && code <= 0xe007e)
		return lower(code - 0xe0000);
	if (code >= 0x1d400 && code < 0x1d6a4)
		return 'a' + (code - 0x1d400) % 26;
	if (code >= 0x24b6 && code <= 0x24e9)
		return 'a' + (code - 0x24b6) % 26;
	if (code >= 0x1f130 && code <= 0x1f149)
		return 'a' + (code - 0x1f130);
	return lower(code);
}

/* U+1EA0 to U+1EF9 are letters with one or two accents, in the order of the alphabet. */
static unsigned long vietnamese(unsigned long code)
{
	return code <= 0x1eb7   ? 'a'
	       : code <= 0x1ec7 ? 'e'
	       : code <= 0x1ecb ? 'i'
	       : code <= 0x1ee3 ? 'o'
	       : code <= 0x1ef1 ? 'u'
				: 'y';
}

static unsigned long without_accent(unsigned long code)
{
	char letter = code >= 0xc0 && code < 0xc0 + sizeof(unaccented) - 1 ? unaccented[code - 0xc0]
									   : '.';

	if (code == 0x451)
		return 0x435;
	if (code >= 0x1ea0 && code <= 0x1ef9)
		return vietnamese(code);
	if (code == 0x1a1 || code == 0x1b0)
		return code == 0x1a1 ? 'o' : 'u';
	return letter == '.' ? code : (unsigned char)letter;
}

static unsigned long as_latin(const char *at, size_t len, unsigned long code)
{
	if (len < 2)
		return code;
	for (size_t i = 0; i < ARRAY_LEN(alike); i++)
		if (memmem(alike[i].alike, strlen(alike[i].alike), at, len))
			return (unsigned char)alike[i].latin;
	return code;
}

static char unleet(char c)
{
	static const char digits[] = "0134578@$!";
	static const char letters[] = "oieastbasi";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? letters[at - digits] : c;
}

static bool is_kept(unsigned long code)
{
	return code >= 0x80 ? !(code >= 0x2000 && code <= 0x206f) && code != 0x3000 &&
				      !(code >= 0x300 && code <= 0x36f)
			    : isalnum((int)code);
}

static bool is_gap(unsigned long code)
{
	return code == ' ' || code == '\t' || code == '\n' || code == '\r' || code == '_' ||
	       code == 0xa0 || code == 0x3000;
}

static void add(unsigned long code, struct buf *out)
{
	char bytes[4];

	buf_add(out, bytes, utf8_write(code, bytes));
}

static void fold_code(unsigned long code, enum fold fold, struct buf *out)
{
	char bytes[4];

	code = plain(code);
	if (fold == FOLD_SPACED) {
		if (!is_gap(code))
			add(code, out);
		else if (out->len && out->data[out->len - 1] != ' ')
			buf_add(out, " ", 1);
		return;
	}
	code = without_accent(code);
	if (fold == FOLD_LEET && code < 0x80)
		code = (unsigned char)unleet((char)code);
	if (!is_kept(code))
		return;
	if (fold != FOLD_PLAIN)
		code = as_latin(bytes, utf8_write(code, bytes), code);
	if (fold == FOLD_ROTATED && code >= 'a' && code <= 'z')
		code = 'a' + (code - 'a' + 13) % 26;
	add(code, out);
}

void injection_fold(struct str text, enum fold fold, struct buf *out)
{
	size_t begin = out->len;

	for (size_t at = 0; at < text.len;) {
		size_t len = utf8_len(text.data + at, text.len - at);
		unsigned long code = len ? utf8_code_point(text.data + at, len) : ' ';
		bool is_tag = code >= 0xe0020 && code <= 0xe007e;

		if (is_tag || !fence_hides(code) || is_gap(code))
			fold_code(code, fold, out);
		at += len ? len : 1;
	}
	for (size_t i = begin, j = out->len; fold == FOLD_REVERSED && i + 1 < j; i++) {
		char other = out->data[--j];

		out->data[j] = out->data[i];
		out->data[i] = other;
	}
}

static bool is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* Both alphabets, with or without padding. */
static void decode_base64(struct str run, struct buf *out)
{
	unsigned long bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < run.len; i++) {
		static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		char c = run.data[i] == '-' ? '+' : run.data[i] == '_' ? '/' : run.data[i];

		bits = (bits << 6 | (unsigned long)(strchr(digits, c) - digits)) & 0xffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		char byte = (char)(bits >> n_bits);

		buf_add(out, &byte, 1);
	}
	buf_add_text(out, "\n");
}

static int digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

static void decode_hex(struct str run, struct buf *out)
{
	for (size_t i = 0; i + 1 < run.len; i += 2) {
		char byte = (char)(digit(run.data[i]) << 4 | digit(run.data[i + 1]));

		buf_add(out, &byte, 1);
	}
	buf_add_text(out, "\n");
}

static size_t run_length(struct str text, bool (*is_in)(char c))
{
	size_t n = 0;

	while (n < text.len && is_in(text.data[n]))
		n++;
	return n;
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c);
}

/* %41, \x41, \u0041, &#65; and &#x41;: how many bytes it takes, 0 if it is none. */
static size_t escape_at(struct str text, unsigned long *code_out)
{
	static const struct {
		const char *begin;
		int base;
		size_t n_digits; /* 0: up to a semicolon */
	} forms[] = { { "%", 16, 2 },
		      { "\\x", 16, 2 },
		      { "\\u", 16, 4 },
		      { "&#x", 16, 0 },
		      { "&#", 10, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t n = strlen(forms[i].begin);
		char digits[8] = "";
		char *end;

		if (!str_starts(text, forms[i].begin))
			continue;
		str_copy((struct str) { text.data + n, text.len - n }, digits,
			 forms[i].n_digits ? forms[i].n_digits + 1 : sizeof(digits));
		*code_out = strtoul(digits, &end, forms[i].base);
		if (end == digits || !*code_out || *code_out > 0x10ffff ||
		    (forms[i].n_digits ? *end : *end != ';'))
			continue;
		return n + (size_t)(end - digits) + (forms[i].n_digits ? 0 : 1);
	}
	return 0;
}

static void decode_escapes(struct str text, struct buf *out)
{
	unsigned n_found = 0;
	size_t begin = out->len;

	for (size_t at = 0; at < text.len;) {
		struct str rest = { text.data + at, text.len - at };
		unsigned long code = 0;
		size_t n = memchr("%\\&", *rest.data, 3) ? escape_at(rest, &code) : 0;

		if (n)
			add(code < 0xd800 || code > 0xdfff ? code : ' ', out);
		else
			buf_add(out, rest.data, 1);
		n_found += n > 0;
		at += n ? n : 1;
	}
	if (n_found < 3)
		out->len = begin;
	else
		buf_add_text(out, "\n");
}

void injection_decode(struct str text, struct buf *out)
{
	for (size_t at = 0; at < text.len;) {
		struct str rest = { text.data + at, text.len - at };
		bool is_prefix = str_starts(rest, "0x");
		size_t n_hex = run_length(rest, is_hex);
		size_t n = is_prefix ? 2 : run_length(rest, is_base64);

		if (n_hex >= LEAST_HEX_BYTES)
			decode_hex((struct str) { rest.data, n_hex }, out);
		if (n >= LEAST_BASE64_BYTES)
			decode_base64((struct str) { rest.data, n }, out);
		at += n ? n : 1;
	}
	decode_escapes(text, out);
}
