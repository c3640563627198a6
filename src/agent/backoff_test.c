#include "agent/backoff.h"

#include "base/test.h"

TEST(waits_grow_up_to_the_cap)
{
	struct backoff backoff = { 0 };
	static const uint64_t most_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };

	for (size_t i = 0; i < ARRAY_LEN(most_s); i++) {
		struct backoff low = backoff;

		CHECK_INT(backoff_next(&low, BACKOFF_FAILED, 0, 0), BACKOFF_LEAST_NS);
		CHECK_INT(backoff_next(&backoff, BACKOFF_FAILED,
				       most_s[i] * NS_PER_SEC - BACKOFF_LEAST_NS - 1, 0),
			  most_s[i] * NS_PER_SEC - 1);
	}
}

TEST(a_refusal_is_followed_by_long_waits)
{
	struct backoff backoff = { 0 };

	CHECK_INT(backoff_next(&backoff, BACKOFF_REFUSED, 0, 0), 30 * NS_PER_SEC);
	CHECK(backoff_next(&backoff, BACKOFF_REFUSED, UINT64_MAX, 0) <= BACKOFF_CAP_NS);
}

TEST(what_the_server_asks_is_kept)
{
	struct backoff backoff = { 0 };

	CHECK_INT(backoff_next(&backoff, BACKOFF_FAILED, 7, 120 * NS_PER_SEC), 120 * NS_PER_SEC);
}

TEST(what_holds_takes_failures_back)
{
	struct backoff backoff = { 5 };

	backoff_note_held(&backoff, 9 * NS_PER_SEC);
	CHECK_INT(backoff.n_failures, 5);
	backoff_note_held(&backoff, 29 * NS_PER_SEC);
	CHECK_INT(backoff.n_failures, 3);
	backoff_note_held(&backoff, 40 * NS_PER_SEC);
	CHECK_INT(backoff.n_failures, 0);
}
