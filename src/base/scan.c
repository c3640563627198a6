#include "base/scan.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : UINT_MAX;
}

/* By hand: /proc is read by the thousand, and strtoull() asks for the locale each time. */
static bool scan_hex_digits(const char **at, uint64_t *value_out)
{
	const char *from = *at;
	uint64_t value = 0;
	unsigned digit;

	for (digit = digit_value(*from); digit < 16; digit = digit_value(*++from))
		if (__builtin_mul_overflow(value, 16, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	if (from == *at)
		return false;
	*at = from;
	*value_out = value;
	return true;
}

/* The same for the base that nearly all numbers have. */
static bool scan_decimal(const char **at, uint64_t *value_out)
{
	const char *from = *at;
	uint64_t value = 0;

	for (; *from >= '0' && *from <= '9'; from++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (unsigned)(*from - '0'), &value))
			return false;
	if (from == *at)
		return false;
	*at = from;
	*value_out = value;
	return true;
}

bool scan_u64(const char **at, uint64_t *value_out)
{
	const char *start = skip_blanks(*at);

	if (!scan_decimal(&start, value_out))
		return false;
	*at = start;
	return true;
}

bool scan_hex(const char **at, uint64_t *value_out)
{
	const char *start = skip_blanks(*at);

	/* As strtoull() does, for "0x1f". */
	if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X') && digit_value(start[2]) < 16)
		start += 2;
	if (!scan_hex_digits(&start, value_out))
		return false;
	*at = start;
	return true;
}

bool scan_i64(const char **at, int64_t *value_out)
{
	const char *start = skip_blanks(*at);
	bool is_negative = *start == '-';
	uint64_t value;

	start += is_negative;
	if (!scan_decimal(&start, &value) || value > (uint64_t)INT64_MAX + is_negative)
		return false;
	*at = start;
	*value_out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool scan_double(const char **at, double *value_out)
{
	const char *start = skip_blanks(*at);
	char *end;
	double value;

	/* strtod also takes "nan", "inf" and hex: none is a number here. */
	if (!isdigit((unsigned char)start[*start == '-']))
		return false;
	value = strtod(start, &end);
	*at = end;
	*value_out = value;
	return true;
}

bool scan_word(const char **at, struct str *word_out)
{
	const char *start = skip_blanks(*at);
	size_t len = strcspn(start, " \t\n");

	if (!len)
		return false;
	*word_out = (struct str) { start, len };
	*at = start + len;
	return true;
}

bool scan_line(const char **at, struct str *line_out)
{
	size_t len = strcspn(*at, "\n");

	if (!**at)
		return false;
	*line_out = (struct str) { *at, len };
	*at += len + ((*at)[len] == '\n');
	return true;
}

bool scan_text(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

bool str_is(struct str str, const char *text)
{
	return str.len == strlen(text) && memcmp(str.data, text, str.len) == 0;
}

bool str_starts(struct str str, const char *text)
{
	size_t len = strlen(text);

	return str.len >= len && memcmp(str.data, text, len) == 0;
}

void str_copy(struct str str, char *text_out, size_t size)
{
	size_t len = str.len < size ? str.len : size - 1;

	memcpy(text_out, str.data, len);
	text_out[len] = '\0';
}
