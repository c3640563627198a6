#include "server/store/check_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "server/store/store.h"

static int check(const char *org, const char *sql, struct store_value first)
{
	struct store_step step = { .sql = sql, .params = &first, .n_params = 1 };
	struct store_batch batch = { .org = org, .steps = &step, .n_steps = 1 };
	struct error err = { 0 };
	size_t n_bytes;

	return batch_check(&batch, &n_bytes, &err);
}

TEST(a_batch_of_an_org_names_it_first)
{
	const char *sql = "SELECT id FROM agents WHERE org = $1";

	CHECK_INT(check("acme", sql, store_text("acme")), 0);
	CHECK_INT(check("acme", sql, store_text("other")), -EINVAL);
	CHECK_INT(check("acme", sql, store_int(1)), -EINVAL);
	CHECK_INT(check("acme", "SELECT id FROM agents", store_text("acme")), -EINVAL);
	CHECK_INT(check("acme", "SELECT id FROM agents WHERE id = $10", store_text("acme")),
		  -EINVAL);
	CHECK_INT(check("", sql, store_text("")), -EINVAL);
	CHECK_INT(check(STORE_EVERY_ORG, "SELECT id FROM agents WHERE id = $1", store_text("a")),
		  0);
}

TEST(only_statements_about_rows_are_taken)
{
	CHECK_INT(check(STORE_EVERY_ORG, " select 1", store_null()), 0);
	CHECK_INT(check(STORE_EVERY_ORG, "COMMIT", store_null()), -EINVAL);
	CHECK_INT(check(STORE_EVERY_ORG, "PRAGMA synchronous = OFF", store_null()), -EINVAL);
	CHECK_INT(check(STORE_EVERY_ORG, "SET constable.org = '*'", store_null()), -EINVAL);
	CHECK_INT(check(STORE_EVERY_ORG, "DROP TABLE calls", store_null()), -EINVAL);
}

TEST(texts_are_utf8)
{
	static const struct {
		const char *text;
		size_t len;
		int result;
	} cases[] = {
		{ "", 0, 0 },
		{ "eight of ASCII and more", 23, 0 },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 12345678", 18, 0 },
		{ "a\0b", 3, -EINVAL },
		{ "12345678\0", 9, -EINVAL },
		{ "1234\0"
		  "678",
		  8, -EINVAL },
		{ "\xc0\x80", 2, -EINVAL },
		{ "\xed\xa0\x80", 3, -EINVAL },
		{ "\xf4\x90\x80\x80", 4, -EINVAL },
		{ "\xe2\x82", 2, -EINVAL },
		{ "\xff", 1, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_INT(check(STORE_EVERY_ORG, "SELECT $1",
				store_str((struct str) { cases[i].text, cases[i].len })),
			  cases[i].result);
}

TEST(bounds_are_bounds)
{
	struct store_step step = { .sql = "SELECT 1" };
	struct store_batch batch = { .org = STORE_EVERY_ORG, .steps = &step };
	CLEANUP(text) char *large = malloc(STORE_MAX_TEXT_BYTES + 1);
	struct error err = { 0 };
	size_t n_bytes;

	CHECK(large);
	memset(large, 'x', STORE_MAX_TEXT_BYTES + 1);
	CHECK_INT(batch_check(&batch, &n_bytes, &err), -E2BIG);
	batch.n_steps = STORE_MAX_STEPS + 1;
	CHECK_INT(batch_check(&batch, &n_bytes, &err), -E2BIG);
	CHECK_INT(check(STORE_EVERY_ORG, "SELECT $1",
			store_str((struct str) { large, STORE_MAX_TEXT_BYTES })),
		  0);
	CHECK_INT(check(STORE_EVERY_ORG, "SELECT $1",
			store_str((struct str) { large, STORE_MAX_TEXT_BYTES + 1 })),
		  -E2BIG);
}
