/* Secrets in the options of programs whose option does not say so by its name. */
#include <string.h>

#include "call/redact_internal.h"

#define LINE_MAX_BYTES (1 * KIB)
#define LINE_MAX_WORDS 64
#define PROGRAM_ITEMS 6 /* sudo -u x env A=b mysql ... */

enum part {
	PART_ATTACHED, /* -pSECRET only: "-p" alone asks */
	PART_NEXT,     /* -p SECRET */
	PART_EITHER,
	PART_USER, /* -u NAME:SECRET, either way */
};

static const struct option {
	const char *program;
	const char *option;
	enum part part;
	char divider; /* of PART_USER */
} options[] = {
	{ "mysql", "-p", PART_ATTACHED },
	{ "mysqldump", "-p", PART_ATTACHED },
	{ "mysqladmin", "-p", PART_ATTACHED },
	{ "mysqlcheck", "-p", PART_ATTACHED },
	{ "mysqlimport", "-p", PART_ATTACHED },
	{ "mysqlshow", "-p", PART_ATTACHED },
	{ "mariadb", "-p", PART_ATTACHED },
	{ "mariadb-dump", "-p", PART_ATTACHED },
	{ "mariadb-admin", "-p", PART_ATTACHED },
	{ "sshpass", "-p", PART_EITHER },
	{ "curl", "-u", PART_USER, ':' },
	{ "curl", "--user", PART_USER, ':' },
	{ "curl", "-U", PART_USER, ':' },
	{ "curl", "--proxy-user", PART_USER, ':' },
	{ "redis-cli", "-a", PART_NEXT },
	{ "mongo", "-p", PART_EITHER },
	{ "mongosh", "-p", PART_EITHER },
	{ "mongodump", "-p", PART_EITHER },
	{ "mongorestore", "-p", PART_EITHER },
	{ "ldapsearch", "-w", PART_EITHER },
	{ "ldapmodify", "-w", PART_EITHER },
	{ "ldapadd", "-w", PART_EITHER },
	{ "smbclient", "-U", PART_USER, '%' },
	{ "docker", "-p", PART_NEXT },
	{ "podman", "-p", PART_NEXT },
	{ "sqlcmd", "-P", PART_EITHER },
	{ "influx", "-password", PART_NEXT },
	{ "snmpget", "-A", PART_EITHER },
	{ "snmpget", "-X", PART_EITHER },
	{ "snmpwalk", "-A", PART_EITHER },
	{ "snmpwalk", "-X", PART_EITHER },
	{ "snmpset", "-A", PART_EITHER },
	{ "snmpset", "-X", PART_EITHER },
	{ "openssl", "-k", PART_NEXT },
	{ "openssl", "-K", PART_NEXT },
	{ "openssl", "-pass", PART_USER, ':' },
	{ "openssl", "-passin", PART_USER, ':' },
	{ "openssl", "-passout", PART_USER, ':' },
};

static bool needs_login(const struct option *option)
{
	return strcmp(option->program, "docker") == 0 || strcmp(option->program, "podman") == 0;
}

/* The secret in 'value' of 'len' bytes, as offsets. */
static bool cut_value(const struct option *option, const char *value, size_t len, size_t *start_out)
{
	const char *divider;

	*start_out = 0;
	if (option->part != PART_USER)
		return len > 0;
	divider = memchr(value, option->divider, len);
	if (!divider || divider + 1 == value + len)
		return false;
	*start_out = (size_t)(divider + 1 - value);
	/* openssl -passin file:x names a file, not a secret. */
	return strcmp(option->program, "openssl") != 0 || strncmp(value, "pass:", 5) == 0;
}

static size_t word_end(const struct text *text, size_t at, size_t max)
{
	char quote = '\0';

	for (; at < max; at++) {
		char c = text->data[at];

		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else if (!quote && (char_bits(c) & CHAR_BLANK))
			break;
	}
	return at;
}

static size_t next_word(const struct text *text, size_t at, size_t max)
{
	while (at < max && (text->data[at] == ' ' || text->data[at] == '\t' || !text->data[at]))
		at++;
	return at;
}

static void unquote(const struct text *text, struct span *span)
{
	char first = text->data[span->start];

	if (span->end - span->start >= 2 && (first == '"' || first == '\'') &&
	    text->data[span->end - 1] == first) {
		span->start++;
		span->end--;
	}
}

/* Whether the word is this option; then where its value is. */
static bool find_value(const struct text *text, const struct option *option, struct span word,
		       size_t max, struct span *span_out)
{
	size_t n = strlen(option->option), start, cut;

	if (word.end - word.start < n || memcmp(text->data + word.start, option->option, n) != 0)
		return false;
	*span_out = (struct span) { word.start + n, word.end, "password" };
	if (word.end - word.start == n) {
		if (option->part == PART_ATTACHED)
			return false;
		start = next_word(text, word.end, max);
		*span_out = (struct span) { start, word_end(text, start, max), "password" };
	} else if (option->part == PART_NEXT || option->option[1] == '-') {
		return false;
	}
	if (span_out->start >= span_out->end)
		return false;
	unquote(text, span_out);
	if (!cut_value(option, text->data + span_out->start, span_out->end - span_out->start, &cut))
		return false;
	span_out->start += cut;
	return redact_is_value(NULL, text->data + span_out->start, span_out->end - span_out->start);
}

static bool find_in_line(const struct text *text, const struct option *option, size_t at,
			 size_t max, struct span *span_out)
{
	bool has_login = !needs_login(option);
	unsigned n = 0;

	for (at = next_word(text, at, max); at < max && n++ < LINE_MAX_WORDS;
	     at = next_word(text, at, max)) {
		struct span word = { at, word_end(text, at, max), NULL };
		size_t len = word.end - word.start;

		if (word.end == word.start || (len == 1 && strchr("|;&", text->data[at])))
			return false;
		has_login |= len == 5 && memcmp(text->data + at, "login", 5) == 0;
		if (has_login && find_value(text, option, word, max, span_out) &&
		    span_out->start >= text->done)
			return true;
		at = word.end;
	}
	return false;
}

static size_t command_end(const struct text *text, size_t at)
{
	size_t max = text->len - at < LINE_MAX_BYTES ? text->len : at + LINE_MAX_BYTES;
	const char *newline = memchr(text->data + at, '\n', max - at);

	return newline ? (size_t)(newline - text->data) : max;
}

/* The pattern's anchor is a program's name; the first secret after it counts. */
bool match_command(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out)
{
	size_t start = at + pattern->n_anchor;
	size_t max = command_end(text, start);
	bool has_found = false;

	if (is_word_before(text, at) || (at && text->data[at - 1] == '-') || start >= max ||
	    !(char_bits(text->data[start]) & CHAR_BLANK))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct span span;

		if (strcmp(options[i].program, pattern->anchor) != 0 ||
		    !find_in_line(text, &options[i], start, max, &span))
			continue;
		if (!has_found || span.start < span_out->start)
			*span_out = span;
		has_found = true;
	}
	return has_found;
}

static bool is_program(const char *item, const char *program)
{
	const char *slash = strrchr(item, '/');

	return strcmp(slash ? slash + 1 : item, program) == 0;
}

static bool argv_has(const char *const *items, size_t n, const char *program)
{
	for (size_t i = 0; i < n && i < PROGRAM_ITEMS; i++)
		if (is_program(items[i], program))
			return true;
	return false;
}

static bool is_option_value(const struct option *option, const char *before, const char *item,
			    size_t *start_out)
{
	size_t n = strlen(option->option), cut;

	*start_out = 0;
	if (option->part != PART_ATTACHED && before && strcmp(before, option->option) == 0)
		return cut_value(option, item, strlen(item), start_out);
	if (option->part == PART_NEXT || option->option[1] == '-' ||
	    strncmp(item, option->option, n) != 0 || !item[n])
		return false;
	if (!cut_value(option, item + n, strlen(item + n), &cut))
		return false;
	*start_out = n + cut;
	return true;
}

bool redact_argv_item(const char *const *items, size_t n, size_t i, struct span *span_out)
{
	const char *before = i ? items[i - 1] : NULL;
	size_t len = strlen(items[i]), start;

	/* --password x, but not --password=x, which the text itself shows. */
	if (before && before[0] == '-' && items[i][0] != '-') {
		const struct pattern *named = redact_find_name(before, strlen(before));

		if (named && redact_is_value(named, items[i], len)) {
			*span_out = (struct span) { 0, len, named->kind };
			return true;
		}
	}
	for (size_t k = 0; k < ARRAY_LEN(options); k++) {
		const struct option *option = &options[k];

		if (!argv_has(items, i, option->program) ||
		    (needs_login(option) && !argv_has(items, n, "login")) ||
		    !is_option_value(option, before, items[i], &start) ||
		    !redact_is_value(NULL, items[i] + start, len - start))
			continue;
		*span_out = (struct span) { start, len, "password" };
		return true;
	}
	return false;
}
