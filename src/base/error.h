/*
 * Why something failed: a negative errno and one sentence for a person.
 *
 * The last parameter of a fallible function whose failure somebody may read.
 * It lives on the caller's stack, owns nothing, is never NULL and is untouched
 * on success. Set it once where the failure happens, wrap it once where the
 * intent is known, report it once at the surface.
 */
#pragma once

#include "base/base.h"

#define ERROR_TEXT_BYTES 512

struct error {
	int code; /* negative errno, 0 while nothing failed */
	char text[ERROR_TEXT_BYTES];
};

/* Both return the negative code, so that a failure is one statement. */
int error_set(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "what: " before the sentence that is there. */
int error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* As error_set() with -errno, and ": " and its description appended. */
int error_errno(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
