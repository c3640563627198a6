#include "logs/pattern.h"

#include <errno.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 50000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT_KIB 1024
#define COMPILED_LENGTH_LIMIT 4096

struct log_pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	uint64_t n_given_up;
};

static pcre2_code *compile(const char *text, unsigned flags, struct error *err)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR why[160];
	PCRE2_SIZE offset;
	pcre2_code *code;
	int number;

	if (!context)
		abort();
	if (flags & LOG_PATTERN_LITERAL)
		options = PCRE2_LITERAL;
	if (flags & LOG_PATTERN_ANY_CASE)
		options |= PCRE2_CASELESS;
	pcre2_set_max_pattern_length(context, COMPILED_LENGTH_LIMIT);
	pcre2_set_parens_nest_limit(context, 50);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &number, &offset,
			     context);
	pcre2_compile_context_free(context);
	if (!code) {
		(void)pcre2_get_error_message(number, why, sizeof(why));
		error_set(err, -EINVAL, "the pattern is wrong at character %zu: %s", offset + 1,
			  (const char *)why);
	}
	return code;
}

struct log_pattern *log_pattern_new(const char *text, unsigned flags, struct error *err)
{
	pcre2_code *code = compile(text, flags, err);
	struct log_pattern *pattern;

	if (!code)
		return NULL;
	pattern = calloc(1, sizeof(*pattern));
	if (!pattern)
		abort();
	pattern->code = code;
	pattern->match = pcre2_match_data_create(1, NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->match || !pattern->limits)
		abort();
	pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
	return pattern;
}

void log_pattern_free(struct log_pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_data_free(pattern->match);
	pcre2_match_context_free(pattern->limits);
	free(pattern);
}

void log_pattern_cleanup(struct log_pattern **pattern)
{
	log_pattern_free(*pattern);
}

bool log_pattern_matches(struct log_pattern *pattern, struct str line)
{
	int r = pcre2_match(pattern->code, (PCRE2_SPTR)line.data, line.len, 0, 0, pattern->match,
			    pattern->limits);

	/* 0: it matched, but the groups have no room; they are not wanted. */
	if (r >= 0)
		return true;
	pattern->n_given_up += r != PCRE2_ERROR_NOMATCH;
	return false;
}

uint64_t log_pattern_n_given_up(const struct log_pattern *pattern)
{
	return pattern->n_given_up;
}
