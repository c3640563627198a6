#include "kernel/program/names.h"

#include <errno.h>

#include "base/test.h"

TEST(an_unknown_name_may_have_been_meant_for_a_near_one)
{
	static const struct {
		const char *name, *near;
	} rows[] = {
		{ "prot", "port" }, { "bursts", "burst" }, { "per_secnd", "per_second" },
		{ "x", NULL },      { "", NULL },          { "something", NULL },
	};
	CLEANUP(json)
	json_t *items = json_pack("[{s:s}, {s:s}, {s:s}]", "name", "port", "name", "burst", "name",
				  "per_second");

	CHECK(name_find(items, "burst") == json_array_get(items, 1));
	CHECK(!name_find(items, "prot"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct error err = { 0 };
		char wanted[ERROR_TEXT_BYTES];

		CHECK_INT(name_unknown("parameter", items, rows[i].name, &err), -EINVAL);
		if (rows[i].near)
			text_format(wanted, sizeof(wanted),
				    "there is no parameter '%s': is it '%s'?", rows[i].name,
				    rows[i].near);
		else
			text_format(wanted, sizeof(wanted), "there is no parameter '%s'",
				    rows[i].name);
		CHECK_TEXT(err.text, wanted);
	}
}
