/* Command lines that a person may copy into a shell and get exactly what is meant. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

/* One word, quoted where a shell would read more into it. 'line' may be unborn (zeroed). */
void shell_add_word(struct buf *line, const char *word);

/* constable [--host HOST] call TOOL 'JSON'; the JSON is ASCII, so nothing in it can hide. */
void shell_add_call(struct buf *line, const char *host, const char *tool, const json_t *args);
