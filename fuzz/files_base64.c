/* Base64 in both directions: what decodes, encodes to the same bytes again. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "tools/files/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf) struct buf decoded = { 0 };
	CLEANUP(buf) struct buf encoded = { 0 };
	CLEANUP(buf) struct buf again = { 0 };

	buf_init(&decoded, size + 3);
	buf_init(&encoded, 2 * size + 8);
	buf_init(&again, size + 3);
	(void)base64_decode((const char *)data, size, &decoded);
	base64_encode(data, size, &encoded);
	assert(base64_decode(buf_text(&encoded), encoded.len, &again) == 0);
	assert(again.len == size && (!size || memcmp(again.data, data, size) == 0));
	return 0;
}
