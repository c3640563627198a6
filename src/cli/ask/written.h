/* A report written for something else than this terminal: 'ask --format', 'case show --format'. */
#pragma once

#include "base/json.h"

enum written {
	WRITTEN_TEXT, /* for this terminal: report_print() */
	WRITTEN_JSON,
	WRITTEN_MARKDOWN,
	WRITTEN_HTML,
};

/* "text" "json" "markdown" "html", NULL for text; -EINVAL for anything else. */
int written_find(const char *name, enum written *format_out, struct error *err) MUST_CHECK;

/* To standard output; not for WRITTEN_TEXT. */
void written_print(const json_t *report, enum written format);
