/* Each attempt: 0 when it thinks that it got through, else a negative errno. */
#pragma once

#include "attempts.h"

#define DECLARE(judge, name) int attempt_##name(const struct canary_facts *facts);
ATTEMPTS(DECLARE)
#undef DECLARE

/* "DIR/NAME" of an attempt's victim. */
const char *victim_path(const struct canary_facts *facts, const char *name);

/* Prints what was read, for the host to search for its secret. */
void leak(const char *name, const void *bytes, long len);

/* Opens, writes one byte and closes. */
int write_byte(const char *path, int flags);

/* Writes a text to a file of /proc or /sys. */
int write_setting(const char *path, const char *text);

/* Reads the start of a file and leaks it. */
int leak_file(const char *name, const char *path);
