/* Base64 of RFC 4648, with padding. */
#pragma once

#include "base/buf.h"

void base64_encode(const void *bytes, size_t len, struct buf *out);

/* Blanks and newlines are skipped. 0, or -EBADMSG for anything else that is not Base64. */
int base64_decode(const char *text, size_t len, struct buf *out) MUST_CHECK;
