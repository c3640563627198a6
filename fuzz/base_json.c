/* Foreign JSON: what is accepted has one canonical form, and that is accepted again. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"

#define MAX_BYTES (64 * KIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *json = json_parse((const char *)data, size, MAX_BYTES, &err);
	CLEANUP(json) json_t *bytes = json_text((const char *)data, size);

	assert(bytes);
	assert(json || err.code < 0);
	if (!json)
		return 0;

	CLEANUP(text) char *text = json_canonical(json);
	CLEANUP(json) json_t *again = json_parse(text, strlen(text), 8 * MAX_BYTES, &err);
	CLEANUP(text) char *same = again ? json_canonical(again) : NULL;

	assert(same && strcmp(text, same) == 0);
	return 0;
}
