/*
 * Two lines, a schema and a value: whatever the schema is, a check ends with a
 * verdict and a sentence; defaults of a sound schema never spoil a value that fits.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/schema.h"

#define MAX_BYTES (64 * KIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = memchr(text, '\n', size);
	size_t len = newline ? (size_t)(newline - text) : size;
	struct error err = { 0 };
	CLEANUP(json) json_t *schema = json_parse(text, len, MAX_BYTES, &err);
	CLEANUP(json)
	json_t *value = newline ? json_parse(newline + 1, size - len - 1, MAX_BYTES, &err) : NULL;
	bool is_sound, fits;

	if (!schema || !value)
		return 0;
	err = (struct error) { 0 };
	is_sound = schema_check_self(schema, &err) == 0;
	assert(is_sound || (err.code < 0 && err.text[0]));
	err = (struct error) { 0 };
	fits = schema_check(schema, value, &err) == 0;
	assert(fits || (err.code < 0 && err.text[0]));
	if (is_sound && fits && json_is_object(value)) {
		schema_add_defaults(schema, value);
		assert(schema_check(schema, value, &err) == 0);
	}
	return 0;
}
