/* Values that a name beside them makes secret: configuration, environment, options. */
#include <string.h>
#include <strings.h>

#include "call/redact_internal.h"

#define NAME_MAX_BYTES 128
#define VALUE_MAX_BYTES (4 * KIB)
#define BLANKS_MAX 8
#define WEAK_MIN_BYTES 6
/* No state, reference or path is longer. What is longer counts as a secret and is
 * passed over, so that no text is read again and again. */
#define PLAIN_MAX_BYTES 256

/* How name and value stand to each other. */
struct naming {
	size_t name_start, name_end;
	size_t value_start;
	char separator; /* '=' ':' '>' ',' or ' ' */
	bool is_option; /* --name */
	bool starts_line;
	bool is_quoted; /* the name is */
};

static char at_or_nul(const struct text *text, size_t at)
{
	return at < text->len ? text->data[at] : '\0';
}

static size_t skip_blanks(const struct text *text, size_t at)
{
	for (size_t i = 0;
	     i < BLANKS_MAX && (at_or_nul(text, at) == ' ' || at_or_nul(text, at) == '\t'); i++)
		at++;
	return at;
}

static bool is_in(const char *value, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && strncasecmp(*words, value, len) == 0)
			return true;
	return false;
}

/* States, placeholders and references are what an engine reads, not secrets. */
static bool is_plain(const char *value, size_t len)
{
	static const char *const words[] = {
		"",          "true",    "false",   "null",      "nil",     "none",     "yes",
		"no",        "on",      "off",     "0",         "1",       "x",        "unset",
		"set",       "empty",   "missing", "required",  "invalid", "expired",  "incorrect",
		"wrong",     "changed", "locked",  "denied",    "failed",  "disabled", "enabled",
		"optional",  "ok",      "unknown", "NULL",      "N/A",     "(null)",   "(none)",
		"undefined", "prompt",  "ask",     "unchanged", NULL,
	};
	size_t n_stars = 0, n_capitals = 0;

	if (len > PLAIN_MAX_BYTES)
		return false;
	if (is_in(value, len, words) || value[0] == '<')
		return true;
	if (len >= 10 && memcmp(value, "[redacted:", 10) == 0)
		return true;
	if (len > 2 && (memcmp(value, "${", 2) == 0 || memcmp(value, "{{", 2) == 0 ||
			memcmp(value, "$(", 2) == 0))
		return true;
	for (size_t i = 0; i < len; i++) {
		n_stars += value[i] == '*' || value[i] == '!' || value[i] == 'X';
		n_capitals += (char_bits(value[i]) & (CHAR_UPPER | CHAR_UNDERSCORE)) != 0;
	}
	return n_stars == len || (value[0] == '$' && n_capitals == len - 1);
}

/* At least two folders deep and plainly named: /run/secrets/db. */
static bool is_path(const char *value, size_t len, unsigned refused)
{
	size_t n_slashes = 0;

	if (!len || len > PLAIN_MAX_BYTES || value[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (char_bits(value[i]) & refused)
			return false;
		n_slashes += value[i] == '/';
	}
	return n_slashes >= 2 && !memchr(value, '+', len) && !memchr(value, '=', len);
}

static bool looks_secret(const char *value, size_t len)
{
	unsigned bits = 0;

	if (len > PLAIN_MAX_BYTES)
		return true;
	if (len < WEAK_MIN_BYTES || is_path(value, len, 0) || value[0] == '.' || value[0] == '~')
		return false;
	if (memchr(value, '@', len))
		return false; /* android.os.BinderProxy@11d95c6d: the name of an object */
	for (size_t i = 0; i < len; i++)
		bits |= char_bits(value[i]);
	if (!(bits & ~(unsigned)(CHAR_DIGIT | CHAR_DOT)))
		return len >= 10 && !(bits & CHAR_DOT);
	if (len > 2 && value[0] == '0' && value[1] == 'x')
		return false;
	if (bits & CHAR_DIGIT)
		return true;
	if (len >= 8 && (bits & CHAR_UPPER) && (bits & (CHAR_LOWER | CHAR_HEX_LOWER)))
		return true;
	return len >= 20 && !(bits & (CHAR_BLANK | CHAR_DASH | CHAR_DOT));
}

bool redact_is_value(const struct pattern *pattern, const char *value, size_t len)
{
	if (!len || is_plain(value, len))
		return false;
	if (pattern && (pattern->flags & (PATTERN_WEAK | PATTERN_VARIABLE)))
		return looks_secret(value, len);
	return !is_path(value, len, CHAR_UPPER | CHAR_BLANK);
}

static bool is_name_before(const struct text *text, size_t at)
{
	return is_word_before(text, at) || text->data[at - 1] == '-' || text->data[at - 1] == '.';
}

/* From the anchor back to where the name begins; false if it is no name at all. */
static bool find_name(const struct text *text, const struct pattern *pattern, size_t at,
		      struct naming *naming)
{
	size_t start = at, len = pattern->n_anchor;
	char before;

	while (start > text->done && at - start < NAME_MAX_BYTES && is_name_before(text, start))
		start--;
	before = start ? text->data[start - 1] : '\n';
	if (before == '/' || before == '$' ||
	    (start > 1 && before == '{' && text->data[start - 2] == '$'))
		return false;
	naming->name_start = start;
	naming->name_end = at + len;
	naming->is_option = text->data[start] == '-' && start < at;
	naming->starts_line = before == '\n' || before == '\0';
	/* "secretName" and "password_file" name something else. */
	for (int i = 0; i < 2 && (char_bits(at_or_nul(text, naming->name_end)) & CHAR_DIGIT); i++)
		naming->name_end++;
	if (char_bits(at_or_nul(text, naming->name_end)) & CHARS_URL)
		return false;
	if ((pattern->flags & PATTERN_PART) && start < at &&
	    (char_bits(text->data[at - 1]) & CHARS_ALNUM) &&
	    !((char_bits(text->data[at]) & CHAR_UPPER) &&
	      !(char_bits(text->data[at - 1]) & CHAR_UPPER)))
		return false;
	return true;
}

static bool is_variable(const struct text *text, const struct naming *naming)
{
	for (size_t i = naming->name_start; i < naming->name_end; i++)
		if (!(char_bits(text->data[i]) & (CHAR_UPPER | CHAR_DIGIT | CHAR_UNDERSCORE)))
			return false;
	return at_or_nul(text, naming->name_end) == '=';
}

/* "define('DB_PASSWORD', 'x')", as PHP configures itself. */
static bool is_define(const struct text *text, const struct naming *naming)
{
	static const char word[] = "define(";
	size_t len = sizeof(word) - 1;

	return naming->name_start >= len + 1 &&
	       memcmp(text->data + naming->name_start - 1 - len, word, len) == 0;
}

static bool find_separator(const struct text *text, const struct pattern *pattern,
			   struct naming *naming)
{
	size_t at = naming->name_end;
	char c;

	if (at_or_nul(text, at) == '>' && naming->name_start &&
	    text->data[naming->name_start - 1] == '<') {
		naming->separator = '>';
		naming->value_start = at + 1;
		return true;
	}
	if (at_or_nul(text, at) == '\\')
		at++;
	naming->is_quoted = char_bits(at_or_nul(text, at)) & CHAR_QUOTE;
	at = skip_blanks(text, at + naming->is_quoted + (at_or_nul(text, at) == ']'));
	c = at_or_nul(text, at);
	if (c == '=' || c == ':') {
		bool is_long = at_or_nul(text, at + 1) == '>' ||
			       (c == ':' && at_or_nul(text, at + 1) == '=');

		if (at_or_nul(text, at + 1) == c)
			return false; /* a comparison, or a C++ name */
		naming->separator = c;
		naming->value_start = skip_blanks(text, at + 1 + is_long);
		return true;
	}
	if (c == ',' && naming->is_quoted && is_define(text, naming)) {
		naming->separator = ',';
		naming->value_start = skip_blanks(text, at + 1);
		return true;
	}
	naming->separator = ' ';
	naming->value_start = at;
	return at > naming->name_end && !naming->is_quoted &&
	       (naming->is_option || ((pattern->flags & PATTERN_DIRECTIVE) && naming->starts_line));
}

/* Inside quotes to the same quote, escaped or not as the first one was. */
static size_t quoted_end(const struct text *text, size_t at, size_t n_quote)
{
	const char *quote = text->data + at;

	for (size_t i = at + n_quote; i < text->len && i - at < VALUE_MAX_BYTES; i++) {
		if (text->data[i] == '\n')
			return i;
		if (i + n_quote <= text->len && memcmp(text->data + i, quote, n_quote) == 0)
			return i;
		if (text->data[i] == '\\')
			i++;
	}
	return text->len - at < VALUE_MAX_BYTES ? text->len : at + VALUE_MAX_BYTES;
}

static size_t bare_end(const struct text *text, const struct naming *naming)
{
	/* A line of its own holds nothing else: a password may have any sign in it. */
	unsigned ends = naming->starts_line && naming->separator == '='
				? CHAR_BLANK
				: CHAR_BLANK | CHAR_QUOTE | CHAR_END;
	size_t at = naming->value_start;

	while (at < text->len && at - naming->value_start < VALUE_MAX_BYTES &&
	       !(char_bits(text->data[at]) & ends) &&
	       !(text->data[at] == '\\' && at + 1 < text->len &&
		 strchr("nrt\"", text->data[at + 1])))
		at++;
	return at;
}

/* "password: must not be empty" is a sentence. */
static bool is_prose(const struct text *text, const struct naming *naming, size_t end)
{
	size_t at = naming->value_start;

	if (naming->separator != ':' || naming->is_quoted || end == at)
		return false;
	if (run_length(text, at, CHARS_LETTER, end - at) != end - at)
		return false;
	return at_or_nul(text, end) == ' ' &&
	       (char_bits(at_or_nul(text, end + 1)) & (CHARS_ALNUM | CHAR_QUOTE));
}

static bool find_value(const struct text *text, const struct naming *naming, struct span *span)
{
	size_t at = naming->value_start;
	size_t n_quote = at_or_nul(text, at) == '\\';

	n_quote = char_bits(at_or_nul(text, at + n_quote)) & CHAR_QUOTE ? n_quote + 1 : 0;
	if (n_quote) {
		span->start = at + n_quote;
		span->end = quoted_end(text, at, n_quote);
		return span->end > span->start;
	}
	if (naming->separator == ',')
		return false;
	span->start = at;
	span->end = bare_end(text, naming);
	/* "key[0]" of a call, "--password --verbose" */
	if (naming->separator == ' ' && naming->is_option && at_or_nul(text, at) == '-')
		return false;
	return span->end > at && !is_prose(text, naming, span->end);
}

bool match_named(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out)
{
	struct naming naming = { 0 };
	struct span span = { .kind = pattern->kind };

	if (!find_name(text, pattern, at, &naming))
		return false;
	if ((pattern->flags & PATTERN_VARIABLE) && !is_variable(text, &naming))
		return false;
	if (!find_separator(text, pattern, &naming) ||
	    ((pattern->flags & PATTERN_QUOTED) && !naming.is_quoted) ||
	    !find_value(text, &naming, &span))
		return false;
	if (!redact_is_value(pattern, text->data + span.start, span.end - span.start))
		return false;
	/* sudo and ODBC share this name; only one of them means a folder. */
	if (strcmp(pattern->anchor, "pwd") == 0 && text->data[span.start] == '/')
		return false;
	*span_out = span;
	return true;
}

/* "PASSWORD 'x'", "IDENTIFIED BY 'x'" */
bool match_sql(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out)
{
	size_t quote = at + pattern->n_anchor - 1;

	if (is_word_before(text, at))
		return false;
	*span_out = (struct span) { quote + 1, quoted_end(text, quote, 1), pattern->kind };
	return span_out->end > quote + 1 &&
	       redact_is_value(NULL, text->data + quote + 1, span_out->end - quote - 1);
}

static bool name_ends_with(const struct pattern *pattern, const char *name, size_t len)
{
	size_t n = pattern->n_anchor;
	struct text text = { name, len, 0 };
	struct naming naming;

	/* Most names end otherwise, and are asked about every pattern. */
	if (len < n || (pattern->anchor[n - 1] ^ name[len - 1]) & ~('a' ^ 'A'))
		return false;
	if (strncasecmp(name + len - n, pattern->anchor, n) != 0)
		return false;
	return find_name(&text, pattern, len - n, &naming) && naming.name_start == 0;
}

const struct pattern *redact_find_name(const char *name, size_t len)
{
	while (len && (char_bits(name[len - 1]) & CHAR_DIGIT))
		len--;
	if (!len || len > NAME_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < redact_n_patterns; i++) {
		const struct pattern *pattern = &redact_patterns[i];

		if (pattern->match != match_named || !name_ends_with(pattern, name, len))
			continue;
		if ((pattern->flags & PATTERN_VARIABLE) &&
		    strcspn(name, "abcdefghijklmnopqrstuvwxyz") < len)
			continue;
		return pattern;
	}
	return NULL;
}
