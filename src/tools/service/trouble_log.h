/* Error logs of daemons: what kinds of trouble their last lines tell of. */
#pragma once

#include "call/tool.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define TROUBLE_LOG_RESULT                                                     \
	"{path: string, bytes?: integer, modified_s_ago?: integer, "           \
	"counts: {*: integer}, recent: [{seconds_ago: integer, kind: string, " \
	"text: string}], denied: [{path: string, user: string, why: string}]}"

struct trouble_kind {
	const char *kind;
	const char *words; /* occur in the line; kinds are tried in order */
};

struct trouble_log {
	const struct trouble_kind *kinds; /* ends with a NULL kind */
	const char *path;                 /* absolute */
	uint64_t since_s;
	const struct account *worker; /* who serves, to explain what it may not open; or NULL */
};

/*
 * {path, bytes, modified_s_ago, counts: {kind: n}, recent: [{seconds_ago, kind,
 * text}], denied: [{path, component, why}]} of the lines within 'since_s'. A new
 * object; a log that cannot be read goes to result.unread.
 */
json_t *trouble_log_read(struct task *task, const struct trouble_log *log, json_t *result);
