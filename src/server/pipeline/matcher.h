/*
 * A matcher: one condition on a label, written as in Alertmanager.
 *
 *	severity="critical"  env!=staging  alertname=~"Nginx.*"  team!~"web|db"
 *
 * A value may stand in double quotes, with \" \\ and \n inside. An expression is matched
 * against the whole value, by PCRE2 within the limits of logs/pattern.h. A label that an alert
 * does not have is "".
 */
#pragma once

#include "base/error.h"
#include "base/scan.h"

#define MATCHER_MAX_BYTES 512
#define MATCHER_NAME_BYTES 128

struct log_pattern;

enum matcher_operator {
	MATCHER_EQUALS,
	MATCHER_DIFFERS,
	MATCHER_FITS,
	MATCHER_FITS_NOT,
};

struct matcher {
	char name[MATCHER_NAME_BYTES];
	enum matcher_operator kind;
	char value[MATCHER_MAX_BYTES + 1];
	struct log_pattern *pattern; /* of the last two */
};

enum matcher_answer {
	MATCHER_FAILS,
	MATCHER_HOLDS,
	MATCHER_GAVE_UP, /* the expression needs too long for this value */
};

/* 0, or -EINVAL with what is wrong; then there is nothing to finish. */
int matcher_parse(const char *text, struct matcher *matcher_out, struct error *err) MUST_CHECK;
void matcher_finish(struct matcher *matcher);

enum matcher_answer matcher_ask(const struct matcher *matcher, const char *value);
