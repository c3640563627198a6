#include "mcp_client/header.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static void put(const char *name, struct str value, void *data)
{
	struct buf *text = data;

	buf_add_format(text, "%s=", name);
	mcp_header_add(value, text);
	buf_add(text, ";", 1);
}

static void check_mirrored(const char *schema, const char *args, const char *expected)
{
	CLEANUP(json) json_t *parsed = json_loads(schema, 0, NULL);
	CLEANUP(json) json_t *given = json_loads(args, 0, NULL);
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };

	CHECK(parsed && given);
	CHECK_OK(mcp_header_check(parsed, &err), err);
	buf_init(&text, 4 * KIB);
	mcp_header_each(parsed, given, put, &text);
	CHECK_TEXT(buf_text(&text), expected);
}

TEST(what_no_header_can_carry_is_encoded)
{
	static const char schema[] =
		"{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}";

	check_mirrored(schema, "{\"a\":\"us west\"}", "A=us west;");
	check_mirrored(schema, "{\"a\":\" padded\"}", "A==?base64?IHBhZGRlZA==?=;");
	check_mirrored(schema, "{\"a\":\"\"}", "A==?base64?\?=;");
	check_mirrored(schema, "{\"a\":\"x\\r\\nEvil: 1\"}", "A==?base64?eA0KRXZpbDogMQ==?=;");
	check_mirrored(schema, "{\"a\":\"=?base64?eA==?=\"}", "A==?base64?PT9iYXNlNjQ/ZUE9PT89?=;");
}

TEST(only_marked_arguments_that_are_there_are_mirrored)
{
	static const char schema[] =
		"{\"properties\":{\"n\":{\"type\":\"integer\",\"x-mcp-header\":\"N\"},"
		"\"on\":{\"type\":\"boolean\",\"x-mcp-header\":\"On\"},\"secret\":{\"type\":"
		"\"string\"},\"deep\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":"
		"\"string\",\"x-mcp-header\":\"X\"}}}}}";

	check_mirrored(schema, "{\"n\":-7,\"on\":false,\"secret\":\"s\",\"deep\":{\"x\":\"y\"}}",
		       "N=-7;On=false;X=y;");
	check_mirrored(schema, "{\"n\":null,\"other\":1}", "");
}

TEST(marks_that_cannot_be_mirrored_are_refused)
{
	static const char *const properties[] = {
		"\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}",
		"\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}",
		"\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A:B\"}",
		"\"a\":{\"type\":\"string\",\"x-mcp-header\":5}",
		"\"a\":{\"type\":\"string\",\"x-mcp-header\":\"X\"},"
		"\"b\":{\"type\":\"string\",\"x-mcp-header\":\"x\"}",
		"\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		char schema[512];
		CLEANUP(json) json_t *parsed = NULL;
		struct error err = { 0 };

		text_format(schema, sizeof(schema), "{\"properties\":{%s}}", properties[i]);
		parsed = json_loads(schema, 0, NULL);
		CHECK_INT(mcp_header_check(parsed, &err), -EINVAL);
	}
}
