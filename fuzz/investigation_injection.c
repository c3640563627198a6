/* Text from a host, looked through for what speaks to the reader: twice with one answer. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "investigation/fence.h"
#include "investigation/injection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fence fence = { "0123456789abcdef0123456789abcdef" };
	struct str text = { (const char *)data, size };
	CLEANUP(buf) struct buf shown = { 0 };
	const char *what = injection_find(text);

	assert(what == injection_find(text));
	buf_init(&shown, MIB);
	fence_put_text(&fence, text, &shown);
	assert(!shown.len || !memmem(shown.data, shown.len, fence.word, 32));
	return 0;
}
