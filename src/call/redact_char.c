/* Sets of characters. */
#include <string.h>

#include "call/redact_internal.h"

unsigned char_bits(char c)
{
	static const unsigned short bits[256] = {
		['0' ... '9'] = CHAR_DIGIT,
		['a' ... 'f'] = CHAR_HEX_LOWER,
		['g' ... 'z'] = CHAR_LOWER,
		['A' ... 'Z'] = CHAR_UPPER,
		['_'] = CHAR_UNDERSCORE,
		['-'] = CHAR_DASH,
		['.'] = CHAR_DOT,
		['+'] = CHAR_BASE64,
		['/'] = CHAR_BASE64,
		['='] = CHAR_BASE64,
		['%'] = CHAR_PERCENT,
		['~'] = CHAR_TILDE,
		['$'] = CHAR_HASH,
		[':'] = CHAR_HASH,
		[','] = CHAR_HASH | CHAR_END,
		[' '] = CHAR_BLANK,
		['\t' ... '\r'] = CHAR_BLANK,
		['\0'] = CHAR_BLANK,
		['"'] = CHAR_QUOTE,
		['\''] = CHAR_QUOTE,
		['`'] = CHAR_QUOTE,
		['&'] = CHAR_END,
		[';'] = CHAR_END,
		['<'] = CHAR_END,
		['>'] = CHAR_END,
		['('] = CHAR_END,
		[')'] = CHAR_END,
		['{'] = CHAR_END,
		['}'] = CHAR_END,
		['['] = CHAR_END,
		[']'] = CHAR_END,
		['|'] = CHAR_END,
	};

	return bits[(unsigned char)c];
}

size_t run_length(const struct text *text, size_t at, unsigned chars, size_t max)
{
	size_t n = 0;

	while (n < max && at + n < text->len && (char_bits(text->data[at + n]) & chars))
		n++;
	return n;
}

/* "\n" as two characters, as JSON and logs write it, ends a word too. */
bool is_word_before(const struct text *text, size_t at)
{
	if (at == 0 || !(char_bits(text->data[at - 1]) & CHARS_WORD))
		return false;
	return at < 2 || text->data[at - 2] != '\\' || !strchr("nrt", text->data[at - 1]);
}
