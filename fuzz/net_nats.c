/* A NATS server that says anything: the same things however it is cut, all within its bytes. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/nats_parser.h"

static void check_within(struct str text, const char *bytes, size_t used)
{
	assert(!text.len || (text.data >= bytes && text.data + text.len <= bytes + used));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	size_t at = 0;

	assert(bytes);
	memcpy(bytes, data, size);
	while (at < size) {
		struct nats_said said = { 0 };
		struct error err = { 0 };
		ssize_t used = nats_parse(bytes + at, size - at, &said, &err);

		if (used <= 0) {
			assert(used == 0 || err.text[0]);
			break;
		}
		assert((size_t)used <= size - at);
		check_within(said.subject, bytes + at, (size_t)used);
		check_within(said.payload, bytes + at, (size_t)used);
		assert(said.payload.len <= NATS_LINE_MAX_BYTES + NATS_PAYLOAD_MAX_BYTES);
		/* A byte less is not enough. */
		assert(nats_parse(bytes + at, (size_t)used - 1, &said, &err) <= 0);
		at += (size_t)used;
	}
	free(bytes);
	return 0;
}
