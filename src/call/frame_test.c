#include "call/frame.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

TEST(a_frame_survives_the_round_trip_in_pieces)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:i}", "type", "call", "id", 7);
	CLEANUP(buf) struct buf wire = { 0 };
	CLEANUP(frame) struct frame frame = { 0 };
	struct error err = { 0 };

	buf_init(&wire, MIB);
	frame_encode(header, "a\0b", 3, &wire);
	for (size_t n = 0; n < wire.len; n++)
		CHECK_INT(frame_decode(wire.data, n, &frame, &err), 0);
	CHECK_INT(frame_decode(wire.data, wire.len, &frame, &err), wire.len);
	CHECK_INT(json_get_int(frame.header, "id", 0), 7);
	CHECK_INT(frame.n_body, 3);
	CHECK(memcmp(frame.body, "a\0b", 4) == 0);
}

TEST(a_frame_beyond_the_bounds_is_refused_before_it_is_read)
{
	struct frame frame = { 0 };
	struct error err = { 0 };

	CHECK_INT(frame_decode("\xff\xff\xff\xff\0\0\0\0", 8, &frame, &err), -E2BIG);
	CHECK_INT(frame_decode("\1\0\0\0\xff\xff\xff\xff", 8, &frame, &err), -E2BIG);
}

TEST(a_header_that_is_no_object_is_refused)
{
	struct frame frame = { 0 };
	struct error err = { 0 };

	CHECK_INT(frame_decode("\2\0\0\0\0\0\0\0[]", 10, &frame, &err), -EBADMSG);
	CHECK_INT(frame_decode("\2\0\0\0\0\0\0\0{x", 10, &frame, &err), -EBADMSG);
}
