#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "call/frame.h"
#include "kernel/program/load/load.h"

/* How many letters of a list fit. */
static size_t find_most(bool returns)
{
	static char text[FRAME_HEADER_MAX_BYTES + 1];
	CLEANUP(json) json_t *limits = json_object();
	size_t low = 0, high = FRAME_HEADER_MAX_BYTES;

	while (low < high) {
		size_t len = (low + high + 1) / 2;
		CLEANUP(json) json_t *lists = NULL;
		struct error err = { 0 };
		struct load_request request = {
			.name = "a",
			.version = "1",
			.limits = limits,
			.returns = returns,
		};

		memset(text, 'x', len);
		text[len] = '\0';
		lists = json_pack("{s:[s]}", "denied", text);
		request.lists = lists;
		if (load_fits(&request, &err) == 0)
			low = len;
		else
			high = len - 1;
		CHECK(!err.code || err.code == -E2BIG);
	}
	return low;
}

TEST(what_is_given_fits_a_frame_with_room_for_what_a_return_needs)
{
	size_t first = find_most(false), later = find_most(true);

	CHECK(later < FRAME_HEADER_MAX_BYTES && later > FRAME_HEADER_MAX_BYTES - 200);
	CHECK(first + LOAD_MAX_MAPS * 60 < later && first > 60000);
}
