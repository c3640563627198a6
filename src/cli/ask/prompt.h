/* Lines that a person types, with editing and history. The one place that meets libedit. */
#pragma once

#include "base/error.h"

#define PROMPT_HISTORY_LINES 500

struct prompt;

/* 'history_path' is read now and rewritten, with mode 0600, at the end. */
struct prompt *prompt_new(const char *text, const char *history_path);
void prompt_free(struct prompt *prompt);
void prompt_cleanup(struct prompt **prompt);

/* The next line without its newline, "" after Ctrl-C; NULL at the end. Valid until the next call.
 */
const char *prompt_read(struct prompt *prompt);
