/*
 * Text of anybody, made safe to show.
 *
 * What would steer a terminal or fool its reader becomes a visible escape:
 * control bytes ("\x1b", "\n"), C1 controls, characters that reorder text
 * (bidi overrides and isolates) or hide in it ("\u{202e}"), bytes that are not
 * UTF-8. For a terminal without UTF-8 so does everything outside ASCII. Tabs
 * become a blank. A backslash stays as it is: this is for eyes, not for parsing.
 */
#pragma once

#include "base/buf.h"

enum charset {
	CHARSET_ASCII,
	CHARSET_UTF8,
};

void escape_add(struct buf *out, const char *text, size_t len, enum charset charset);

/* How many bytes of 'text' (not empty) one character or one wrong byte takes. */
size_t escape_step(const char *text, size_t len);

/* How many columns escaped text takes; wide characters take two where the locale knows them. */
unsigned escape_columns(const char *text, size_t len);
