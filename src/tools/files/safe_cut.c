#include "tools/files/safe_cut.h"

#include <string.h>

#define STEP_BYTES 256

static size_t redacted_length(struct redactor *redactor, const char *bytes, size_t len)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, 4 * len + 64);
	(void)redact_text(redactor, bytes, len, &out);
	return out.len;
}

/* Both sides redacted alone must come to the same as together. */
static bool is_safe(struct redactor *redactor, const char *bytes, size_t len, size_t at)
{
	size_t start = at > SAFE_CUT_CONTEXT_BYTES ? at - SAFE_CUT_CONTEXT_BYTES : 0;
	size_t end = len - at > SAFE_CUT_CONTEXT_BYTES ? at + SAFE_CUT_CONTEXT_BYTES : len;

	if (at == 0 || at == len)
		return true;
	return redacted_length(redactor, bytes + start, end - start) ==
	       redacted_length(redactor, bytes + start, at - start) +
		       redacted_length(redactor, bytes + at, end - at);
}

size_t safe_cut_after(struct redactor *redactor, const char *bytes, size_t len, size_t at)
{
	while (at < len && !is_safe(redactor, bytes, len, at)) {
		size_t left = len - at;
		size_t step = left < STEP_BYTES ? left : STEP_BYTES;
		const char *newline = memchr(bytes + at, '\n', step);

		at = newline ? (size_t)(newline - bytes) + 1 : at + step;
	}
	return at;
}

size_t safe_cut_before(struct redactor *redactor, const char *bytes, size_t len, size_t at)
{
	while (at > 0 && !is_safe(redactor, bytes, len, at)) {
		size_t step = at < STEP_BYTES ? at : STEP_BYTES;
		const char *newline = step > 1 ? memrchr(bytes + at - step, '\n', step - 1) : NULL;

		at = newline ? (size_t)(newline - bytes) + 1 : at - step;
	}
	return at;
}
