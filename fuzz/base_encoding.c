/* Hex and Base64 in both directions: what decodes strictly has exactly that text. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"

static void try_base64(const char *text, size_t size)
{
	CLEANUP(buf) struct buf decoded = { 0 };
	CLEANUP(buf) struct buf folded = { 0 };
	CLEANUP(text) char *again = NULL;

	buf_init(&decoded, size + 3);
	buf_init(&folded, size + 3);
	if (base64_decode(text, size, &decoded) < 0) {
		(void)base64_decode_lines(text, size, &folded);
		return;
	}
	again = base64_text(buf_text(&decoded), decoded.len);
	assert(strlen(again) == size && memcmp(again, text, size) == 0);
	assert(base64_decode_lines(text, size, &folded) == 0 && folded.len == decoded.len);
}

static void try_base64url(const char *text, size_t size)
{
	CLEANUP(buf) struct buf decoded = { 0 };
	CLEANUP(text) char *again = NULL;

	buf_init(&decoded, size + 3);
	if (base64url_decode(text, size, &decoded) < 0)
		return;
	again = base64url_text(buf_text(&decoded), decoded.len);
	assert(strlen(again) == size && memcmp(again, text, size) == 0);
}

static void try_bytes(const void *bytes, size_t size)
{
	CLEANUP(buf) struct buf back = { 0 };
	CLEANUP(text) char *line = base64_text(bytes, size);
	CLEANUP(text) char *hex = malloc(HEX_TEXT_BYTES(size));
	CLEANUP(text) char *bytes_back = malloc(size + 1);

	assert(hex && bytes_back);
	buf_init(&back, size + 3);
	assert(base64_decode(line, strlen(line), &back) == 0);
	assert(back.len == size && (!size || memcmp(back.data, bytes, size) == 0));
	assert(hex_decode(hex_encode(bytes, size, hex), bytes_back, size) == 0);
	assert(!size || memcmp(bytes_back, bytes, size) == 0);
}

static void try_hex(const uint8_t *data, size_t size)
{
	CLEANUP(text) char *text = strndup((const char *)data, size);
	CLEANUP(text) char *again = malloc(size + 2);
	CLEANUP(text) char *bytes = malloc(size + 1);

	assert(text && again && bytes);
	if (hex_decode(text, bytes, size / 2) == 0)
		assert(strcmp(hex_encode(bytes, size / 2, again), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_base64((const char *)data, size);
	try_base64url((const char *)data, size);
	try_bytes(data, size);
	try_hex(data, size);
	return 0;
}
