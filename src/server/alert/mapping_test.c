#include "server/alert/mapping.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

/* The document of RFC 6901, section 5. */
#define DOCUMENT                                                                     \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4," \
	"\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}"

TEST(pointers_of_the_rfc_lead_where_it_says)
{
	static const struct {
		const char *pointer;
		int value;
	} rows[] = { { "/", 0 },     { "/a~1b", 1 }, { "/c%d", 2 }, { "/e^f", 3 }, { "/g|h", 4 },
		     { "/i\\j", 5 }, { "/k\"l", 6 }, { "/ ", 7 },   { "/m~0n", 8 } };
	struct error err = { 0 };
	CLEANUP(json) json_t *document = json_parse(DOCUMENT, strlen(DOCUMENT), KIB, &err);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(json_integer_value(mapping_find(document, rows[i].pointer)),
			  rows[i].value);
	CHECK(mapping_find(document, "") == document);
	CHECK_TEXT(json_string_value(mapping_find(document, "/foo/0")), "bar");
	CHECK(!mapping_find(document, "/foo/00"));
	CHECK(!mapping_find(document, "/foo/2"));
	CHECK(!mapping_find(document, "/foo/-"));
	CHECK(!mapping_find(document, "/foo/bar/baz"));
}

static int check(const char *text)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *mapping = json_parse(text, strlen(text), KIB, &err);

	return mapping_check(mapping, &err);
}

TEST(mapping_that_cannot_work_is_refused)
{
	CHECK_INT(check("{}"), 0);
	CHECK_INT(check("{\"name\":\"/a/b~01\",\"labels\":{\"host\":\"/h\"},"
			"\"resolved\":[\"ok\"]}"),
		  0);
	CHECK_INT(check("{\"name\":\"a\"}"), -EINVAL);
	CHECK_INT(check("{\"name\":\"/a~2\"}"), -EINVAL);
	CHECK_INT(check("{\"name\":1}"), -EINVAL);
	CHECK_INT(check("{\"nmae\":\"/a\"}"), -EINVAL);
	CHECK_INT(check("{\"labels\":{\"host\":1}}"), -EINVAL);
	CHECK_INT(check("{\"resolved\":\"ok\"}"), -EINVAL);
	CHECK_INT(check("{\"resolved\":[1]}"), -EINVAL);
	CHECK_INT(check("[]"), -EINVAL);
	CHECK_INT(check("{\"name\":\"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17\"}"), -EINVAL);
}
