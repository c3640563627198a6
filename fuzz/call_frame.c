/* The warden's socket: frames are bounded, and what was taken encodes to the same frame. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/frame.h"

static void check_round_trip(const struct frame *frame)
{
	CLEANUP(buf) struct buf wire = { 0 };
	CLEANUP(frame) struct frame again = { 0 };
	struct error err = { 0 };

	buf_init(&wire, 2 * (FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES));
	frame_encode(frame->header, frame->body, frame->n_body, &wire);
	/* Escapes can make a header longer than the one that came, and then it is refused. */
	if (frame_decode(buf_text(&wire), wire.len, &again, &err) < 0)
		return;
	assert(json_equal(frame->header, again.header));
	assert(frame->n_body == again.n_body);
	assert(memcmp(frame->body, again.body, frame->n_body) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	for (;;) {
		CLEANUP(frame) struct frame frame = { 0 };
		struct error err = { 0 };
		ssize_t used = frame_decode(at, (size_t)(end - at), &frame, &err);

		if (used <= 0) {
			assert(!frame.header && !frame.body);
			assert(used == 0 || err.code < 0);
			return 0;
		}
		assert(used <= end - at);
		assert(json_is_object(frame.header) && frame.body[frame.n_body] == '\0');
		check_round_trip(&frame);
		at += used;
	}
}
