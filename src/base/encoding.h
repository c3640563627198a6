/*
 * Bytes as text: the lower-case hex and the Base64 of RFC 4648, with padding; and its form for
 * URLs ("base64url"), without.
 *
 * Decoding takes exactly what encoding gives, so that bytes have one text: no capital in hex,
 * and in Base64 no blank, nothing after the padding, and no bit set that no byte holds.
 */
#pragma once

#include "base/buf.h"

/* Room for the text of this many bytes, and its NUL. */
#define HEX_TEXT_BYTES(n_bytes) (2 * (n_bytes) + 1)
#define BASE64_TEXT_BYTES(n_bytes) (((n_bytes) + 2) / 3 * 4 + 1)

/* NUL-terminated; returns 'text', which has HEX_TEXT_BYTES(len). */
const char *hex_encode(const void *bytes, size_t len, char *text);

/* That many digits as hex_encode() writes them, and nothing else. */
bool hex_is(const char *text, size_t n_digits);

/* Fills the bytes; -EBADMSG, and nothing written, where the text is not of that many. */
int hex_decode(const char *text, void *bytes, size_t len) MUST_CHECK;

/* One line, NUL-terminated; returns 'text', which has BASE64_TEXT_BYTES(len). */
const char *base64_encode(const void *bytes, size_t len, char *text);

/* The same as heap text, never NULL. */
char *base64_text(const void *bytes, size_t len);

/*
 * Appends the bytes. -EBADMSG for what is not Base64, -EFBIG where they pass the buffer's
 * ceiling; then what it holds means nothing.
 */
int base64_decode(const char *text, size_t len, struct buf *out) MUST_CHECK;

/* For text that people and tools fold: the same, with blanks and newlines between. */
int base64_decode_lines(const char *text, size_t len, struct buf *out) MUST_CHECK;

/* With '-' and '_', and no padding: as JSON Web Tokens are written (RFC 7515). */
char *base64url_text(const void *bytes, size_t len);
int base64url_decode(const char *text, size_t len, struct buf *out) MUST_CHECK;
