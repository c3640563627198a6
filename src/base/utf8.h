/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#pragma once

#include "base/base.h"

/* Bytes of the character at 'at', 0 if none is there; nor is NUL one. 'left' is at least 1. */
size_t utf8_len(const char *at, size_t left);

/* Whether all of it is UTF-8; NUL is, here. */
bool utf8_is_valid(const char *text, size_t len);

/* The code point of a character of that length, which utf8_len() gave; and the way back. */
unsigned long utf8_code_point(const char *at, size_t len);
size_t utf8_write(unsigned long code_point, char bytes_out[4]);
