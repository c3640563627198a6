#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "logs/logs.h"

/* Where a line's level is looked for: what comes later is the message. */
#define LEVEL_WITHIN_BYTES 240
#define SEARCHED_BYTES 2048

struct word {
	const char *text;
	enum log_severity severity;
};

/*
 * Levels as programs write them; whole words, compared without case, except
 * that a lower-case one must stand in brackets, after '=' or '":"' or before
 * ':', since "error" and "info" are also words of messages.
 */
static const struct word levels[] = {
	{ "FATAL", LOG_SEVERITY_FATAL },     { "PANIC", LOG_SEVERITY_FATAL },
	{ "EMERG", LOG_SEVERITY_FATAL },     { "EMERGENCY", LOG_SEVERITY_FATAL },
	{ "ALERT", LOG_SEVERITY_FATAL },     { "CRIT", LOG_SEVERITY_FATAL },
	{ "CRITICAL", LOG_SEVERITY_FATAL },  { "SEVERE", LOG_SEVERITY_ERROR },
	{ "ERROR", LOG_SEVERITY_ERROR },     { "ERR", LOG_SEVERITY_ERROR },
	{ "WARNING", LOG_SEVERITY_WARNING }, { "WARN", LOG_SEVERITY_WARNING },
	{ "NOTICE", LOG_SEVERITY_INFO },     { "INFO", LOG_SEVERITY_INFO },
	{ "LOG", LOG_SEVERITY_INFO },        { "DEBUG", LOG_SEVERITY_INFO },
	{ "TRACE", LOG_SEVERITY_INFO },      { "STATEMENT", LOG_SEVERITY_INFO },
	{ "DETAIL", LOG_SEVERITY_INFO },     { "HINT", LOG_SEVERITY_INFO },
};

/* What a line without a level says when something failed. */
static const struct word phrases[] = {
	{ "panic:", LOG_SEVERITY_FATAL },
	{ "segmentation fault", LOG_SEVERITY_FATAL },
	{ "core dumped", LOG_SEVERITY_FATAL },
	{ "out of memory", LOG_SEVERITY_FATAL },
	{ "cannot allocate memory", LOG_SEVERITY_FATAL },
	{ "no space left on device", LOG_SEVERITY_ERROR },
	{ "read-only file system", LOG_SEVERITY_ERROR },
	{ "too many open files", LOG_SEVERITY_ERROR },
	{ "permission denied", LOG_SEVERITY_ERROR },
	{ "operation not permitted", LOG_SEVERITY_ERROR },
	{ "access denied", LOG_SEVERITY_ERROR },
	{ "connection refused", LOG_SEVERITY_ERROR },
	{ "connection reset", LOG_SEVERITY_ERROR },
	{ "connection timed out", LOG_SEVERITY_ERROR },
	{ "broken pipe", LOG_SEVERITY_ERROR },
	{ "no such file or directory", LOG_SEVERITY_ERROR },
	{ "address already in use", LOG_SEVERITY_ERROR },
	{ "no route to host", LOG_SEVERITY_ERROR },
	{ "network is unreachable", LOG_SEVERITY_ERROR },
	{ "name resolution", LOG_SEVERITY_ERROR },
	{ "name or service not known", LOG_SEVERITY_ERROR },
	{ "resource temporarily unavailable", LOG_SEVERITY_ERROR },
	{ "i/o error", LOG_SEVERITY_ERROR },
	{ "input/output error", LOG_SEVERITY_ERROR },
	{ "certificate has expired", LOG_SEVERITY_ERROR },
	{ "certificate verify failed", LOG_SEVERITY_ERROR },
	{ "traceback (most recent call last)", LOG_SEVERITY_ERROR },
	{ "exception", LOG_SEVERITY_ERROR },
	{ "unhandled", LOG_SEVERITY_ERROR },
	{ "deadlock", LOG_SEVERITY_ERROR },
	{ "failed", LOG_SEVERITY_ERROR },
	{ "failure", LOG_SEVERITY_ERROR },
	{ "fatal", LOG_SEVERITY_ERROR },
	{ "error", LOG_SEVERITY_ERROR },
	{ "could not", LOG_SEVERITY_ERROR },
	{ "cannot", LOG_SEVERITY_ERROR },
	{ "can't", LOG_SEVERITY_ERROR },
	{ "command not found", LOG_SEVERITY_ERROR },
	{ "bad interpreter", LOG_SEVERITY_ERROR },
	{ "undefined symbol", LOG_SEVERITY_ERROR },
	{ "already in use", LOG_SEVERITY_ERROR },
	{ "refused", LOG_SEVERITY_ERROR },
	{ "unreachable", LOG_SEVERITY_ERROR },
	{ "no such host", LOG_SEVERITY_ERROR },
	{ "aborted", LOG_SEVERITY_ERROR },
	{ "unable to", LOG_SEVERITY_ERROR },
	{ "timed out", LOG_SEVERITY_ERROR },
	{ "timeout", LOG_SEVERITY_WARNING },
	{ "deprecated", LOG_SEVERITY_WARNING },
	{ "retrying", LOG_SEVERITY_WARNING },
	{ "warning", LOG_SEVERITY_WARNING },
};

/* Before these, "error" and "failed" mean that nothing happened. */
static const char *const negations[] = { "no ", "0 ", "without ", "zero ", "not " };

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '/' || c == '.';
}

static bool is_marked(const char *start, const char *at, size_t len)
{
	char before = at > start ? at[-1] : ' ', after = at[len];

	return (before == '[' && after == ']') || before == '=' || before == '"' ||
	       (before == '<' && after == '>') || (before == '(' && after == ')') || after == ':' ||
	       /* apache writes [core:error], mariadb and many others [ERROR] */
	       (before == ':' && after == ']') || at == start;
}

static bool is_upper(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isupper((unsigned char)at[i]))
			return false;
	return true;
}

static bool find_level(const char *text, enum log_severity *severity_out)
{
	for (const char *at = text; *at && at < text + LEVEL_WITHIN_BYTES; at++) {
		size_t len;

		if (!isalpha((unsigned char)*at) || (at > text && is_word_byte(at[-1])))
			continue;
		for (len = 0; isalpha((unsigned char)at[len]);)
			len++;
		if (len >= 3 && !is_word_byte(at[len]) &&
		    (is_upper(at, len) || is_marked(text, at, len)))
			for (size_t i = 0; i < ARRAY_LEN(levels); i++)
				if (strlen(levels[i].text) == len &&
				    strncasecmp(at, levels[i].text, len) == 0) {
					*severity_out = levels[i].severity;
					return true;
				}
		at += len - 1;
	}
	return false;
}

/* klog: E1122 17:03:25.123 */
static bool find_klog_level(const char *text, enum log_severity *severity_out)
{
	if (!*text || !strchr("IWEF", *text) || strspn(text + 1, "0123456789") != 4 ||
	    text[5] != ' ')
		return false;
	*severity_out = *text == 'F'   ? LOG_SEVERITY_FATAL
			: *text == 'E' ? LOG_SEVERITY_ERROR
			: *text == 'W' ? LOG_SEVERITY_WARNING
				       : LOG_SEVERITY_INFO;
	return true;
}

/* An access line: ... "GET / HTTP/1.1" 502 157 ... */
static bool find_status(const char *text, enum log_severity *severity_out)
{
	const char *at = strstr(text, " HTTP/");

	at = at ? strchr(at, '"') : NULL;
	if (!at || at[1] != ' ' || !isdigit((unsigned char)at[2]) || at[5] != ' ')
		return false;
	*severity_out = at[2] == '5' ? LOG_SEVERITY_ERROR : LOG_SEVERITY_INFO;
	return true;
}

static bool is_negated(const char *text, const char *at)
{
	for (size_t i = 0; i < ARRAY_LEN(negations); i++) {
		size_t len = strlen(negations[i]);

		if ((size_t)(at - text) >= len && strncasecmp(at - len, negations[i], len) == 0)
			return true;
	}
	/* "errors: 0", "failed=0" */
	at += strcspn(at, " =:,;\"");
	at += strspn(at, " =:\"");
	return *at == '0' && !isdigit((unsigned char)at[1]) && at[1] != '.' && at[1] != 'x';
}

static bool has_phrase(const char *text, const char *phrase)
{
	for (const char *at = text; (at = strcasestr(at, phrase)) != NULL; at++)
		if ((at == text || !is_word_byte(at[-1])) && !is_negated(text, at))
			return true;
	return false;
}

static enum log_severity find_phrase(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (has_phrase(text, phrases[i].text))
			return phrases[i].severity;
	/* FooException, java.lang.OutOfMemoryError: */
	if (strstr(text, "Exception: ") || strstr(text, "Error: "))
		return LOG_SEVERITY_ERROR;
	return LOG_SEVERITY_INFO;
}

enum log_severity log_severity(struct str line)
{
	enum log_severity severity;
	char text[SEARCHED_BYTES];

	str_copy(line, text, sizeof(text));
	if (find_klog_level(text, &severity) || find_status(text, &severity) ||
	    find_level(text, &severity))
		return severity;
	return find_phrase(text);
}

const char *log_severity_name(enum log_severity severity)
{
	static const char *const names[] = { "fatal", "error", "warning", "info" };

	return names[severity];
}
