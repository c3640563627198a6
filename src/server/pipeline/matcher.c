#include "server/pipeline/matcher.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "logs/pattern.h"

#define FORM "NAME=VALUE, NAME!=VALUE, NAME=~EXPRESSION or NAME!~EXPRESSION"

static bool is_name_byte(char c, size_t at)
{
	return isalpha((unsigned char)c) || c == '_' ||
	       (at && (isdigit((unsigned char)c) || (c && strchr(":.-/", c))));
}

static bool read_name(const char **at, struct matcher *matcher)
{
	size_t len = 0;

	while (is_name_byte((*at)[len], len))
		len++;
	if (!len || len >= sizeof(matcher->name))
		return false;
	text_format(matcher->name, sizeof(matcher->name), "%.*s", (int)len, *at);
	*at += len;
	return true;
}

static bool read_operator(const char **at, enum matcher_operator *kind_out)
{
	static const struct {
		const char *text;
		enum matcher_operator kind;
	} rows[] = { { "=~", MATCHER_FITS },
		     { "!~", MATCHER_FITS_NOT },
		     { "!=", MATCHER_DIFFERS },
		     { "=", MATCHER_EQUALS } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (scan_text(at, rows[i].text)) {
			*kind_out = rows[i].kind;
			return true;
		}
	}
	return false;
}

/* What stands in quotes, up to the last one, which ends the text. */
static bool read_quoted(const char *at, char *value)
{
	for (at++; *at && *at != '"'; at++) {
		if (*at != '\\') {
			*value++ = *at;
			continue;
		}
		at++;
		/* Other escapes are the expression's own. */
		if (*at == 'n')
			*value++ = '\n';
		else if (*at == '"' || *at == '\\')
			*value++ = *at;
		else if (*at)
			*value++ = '\\', at--;
		else
			return false;
	}
	*value = '\0';
	return at[0] == '"' && at[1 + strspn(at + 1, " ")] == '\0';
}

static bool read_value(const char *at, struct matcher *matcher)
{
	size_t len;

	at += strspn(at, " ");
	if (*at == '"')
		return read_quoted(at, matcher->value);
	len = strlen(at);
	while (len && at[len - 1] == ' ')
		len--;
	text_format(matcher->value, sizeof(matcher->value), "%.*s", (int)len, at);
	return !memchr(at, '"', len);
}

/* Alone first, so that no bracket of ours closes one of theirs. */
static int compile(struct matcher *matcher, struct error *err)
{
	CLEANUP(log_pattern) struct log_pattern *alone = log_pattern_new(matcher->value, 0, err);
	char whole[MATCHER_MAX_BYTES + 16];

	if (!alone)
		return err->code;
	text_format(whole, sizeof(whole), "\\A(?:%s)\\z", matcher->value);
	matcher->pattern = log_pattern_new(whole, 0, err);
	return matcher->pattern ? 0 : err->code;
}

int matcher_parse(const char *text, struct matcher *matcher_out, struct error *err)
{
	struct matcher matcher = { 0 };
	const char *at = text;

	if (strlen(text) > MATCHER_MAX_BYTES)
		return error_set(err, -EINVAL, "is longer than %d bytes", MATCHER_MAX_BYTES);
	at += strspn(at, " ");
	if (!read_name(&at, &matcher))
		return error_set(err, -EINVAL, "'%.80s' begins with no label's name; write " FORM,
				 text);
	at += strspn(at, " ");
	if (!read_operator(&at, &matcher.kind) || !read_value(at, &matcher))
		return error_set(err, -EINVAL, "'%.80s' is no matcher; write " FORM, text);
	if (matcher.kind >= MATCHER_FITS && compile(&matcher, err) < 0)
		return err->code;
	*matcher_out = matcher;
	return 0;
}

void matcher_finish(struct matcher *matcher)
{
	log_pattern_free(TAKE(matcher->pattern));
}

static enum matcher_answer ask_pattern(const struct matcher *matcher, const char *value)
{
	uint64_t before = log_pattern_n_given_up(matcher->pattern);
	bool fits = log_pattern_matches(matcher->pattern, (struct str) { value, strlen(value) });

	if (log_pattern_n_given_up(matcher->pattern) != before)
		return MATCHER_GAVE_UP;
	return fits == (matcher->kind == MATCHER_FITS) ? MATCHER_HOLDS : MATCHER_FAILS;
}

enum matcher_answer matcher_ask(const struct matcher *matcher, const char *value)
{
	bool is_same;

	if (matcher->pattern)
		return ask_pattern(matcher, value);
	is_same = strcmp(matcher->value, value) == 0;
	return is_same == (matcher->kind == MATCHER_EQUALS) ? MATCHER_HOLDS : MATCHER_FAILS;
}
