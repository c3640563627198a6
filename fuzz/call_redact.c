/*
 * Foreign text: redaction ends, keeps what lies outside its marks in order, finds
 * nothing more in its own output's marks, and leaves JSON that is still JSON.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/redact.h"

static void check_text(struct redactor *redactor, const char *text, size_t size)
{
	CLEANUP(buf) struct buf out = { 0 };
	size_t n;

	buf_init(&out, 64 * size + 64);
	n = redact_text(redactor, text, size, &out);
	assert(!out.dropped);
	if (!n)
		assert(out.len == size && (!size || memcmp(out.data, text, size) == 0));
	else
		assert(memmem(out.data, out.len, "[redacted:", 10));
}

static void check_json(struct redactor *redactor, const char *text, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *json = json_parse(text, size, 64 * KIB, &err);

	if (!json)
		return;
	redact_json(redactor, json);

	CLEANUP(text) char *redacted = json_canonical(json);
	CLEANUP(json) json_t *again = json_parse(redacted, strlen(redacted), 8 * MIB, &err);

	assert(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct redactor *redactor;

	if (!redactor)
		redactor = redactor_new();
	check_text(redactor, (const char *)data, size);
	check_json(redactor, (const char *)data, size);
	return 0;
}
