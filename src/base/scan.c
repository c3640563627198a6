#include "base/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static bool scan_unsigned(const char **at, int base, uint64_t *value_out)
{
	const char *start = skip_blanks(*at);
	char *end;
	uint64_t value;

	if (base == 16 ? !isxdigit((unsigned char)*start) : !isdigit((unsigned char)*start))
		return false;
	errno = 0;
	value = strtoull(start, &end, base);
	if (errno)
		return false;
	*at = end;
	*value_out = value;
	return true;
}

bool scan_u64(const char **at, uint64_t *value_out)
{
	return scan_unsigned(at, 10, value_out);
}

bool scan_hex(const char **at, uint64_t *value_out)
{
	return scan_unsigned(at, 16, value_out);
}

bool scan_i64(const char **at, int64_t *value_out)
{
	const char *start = skip_blanks(*at);
	char *end;
	int64_t value;

	if (!isdigit((unsigned char)start[*start == '-']))
		return false;
	errno = 0;
	value = strtoll(start, &end, 10);
	if (errno)
		return false;
	*at = end;
	*value_out = value;
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
