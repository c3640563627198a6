/* A pattern that somebody gave, searched for in foreign lines within limits. */
#pragma once

#include "base/error.h"
#include "base/scan.h"

enum log_pattern_flags {
	LOG_PATTERN_LITERAL = 1 << 0,
	LOG_PATTERN_ANY_CASE = 1 << 1,
};

struct log_pattern;

/* NULL with 'err' (-EINVAL, the place in the pattern) if PCRE2 does not take it. */
struct log_pattern *log_pattern_new(const char *text, unsigned flags, struct error *err);
void log_pattern_free(struct log_pattern *pattern);
void log_pattern_cleanup(struct log_pattern **pattern);

/* A line on which the match limits are passed does not match, and is counted. */
bool log_pattern_matches(struct log_pattern *pattern, struct str line);
uint64_t log_pattern_n_given_up(const struct log_pattern *pattern);
