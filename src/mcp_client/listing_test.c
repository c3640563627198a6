#include "mcp_client/listing.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

#define SCHEMA "\"inputSchema\":{\"type\":\"object\"}"

struct listed {
	json_t *tools, *left_out;
	struct error err;
	int r;
};

static void listed_cleanup(struct listed *listed)
{
	json_decref(listed->tools);
	json_decref(listed->left_out);
}

static void take(struct listed *listed, const char *page)
{
	CLEANUP(json) json_t *parsed = json_loads(page, 0, NULL);

	CHECK(parsed);
	*listed = (struct listed) { .tools = json_array(), .left_out = json_array() };
	listed->r = mcp_listing_take(parsed, listed->tools, listed->left_out, &listed->err);
}

static const char *hash_of(const char *page)
{
	static char hashes[2][MCP_TOOL_HASH_BYTES];
	static unsigned n;
	CLEANUP(listed) struct listed listed;
	char *hash = hashes[n++ % 2];

	take(&listed, page);
	CHECK_INT(json_array_size(listed.tools), 1);
	text_copy(hash, MCP_TOOL_HASH_BYTES,
		  json_get_text(json_array_get(listed.tools, 0), "sha256", ""));
	return hash;
}

TEST(a_tool_with_another_description_or_schema_is_another)
{
	static const char first[] =
		"{\"tools\":[{\"name\":\"a\",\"description\":\"x\"," SCHEMA "}]}";

	CHECK_TEXT(hash_of(first), hash_of(first));
	CHECK(strcmp(hash_of(first), hash_of("{\"tools\":[{\"name\":\"a\",\"description\":"
					     "\"x \"," SCHEMA "}]}")) != 0);
	CHECK(strcmp(hash_of(first), hash_of("{\"tools\":[{\"name\":\"a\",\"description\":\"x\","
					     "\"inputSchema\":{\"type\":\"object\",\"properties\":"
					     "{\"p\":{\"description\":\"now\"}}}}]}")) != 0);
}

TEST(hints_are_not_part_of_what_was_allowed)
{
	CHECK_TEXT(hash_of("{\"tools\":[{\"name\":\"a\"," SCHEMA "}]}"),
		   hash_of("{\"tools\":[{\"name\":\"a\"," SCHEMA
			   ",\"annotations\":{\"readOnlyHint\":true}}]}"));
}

TEST(what_cannot_be_called_is_left_out_alone)
{
	CLEANUP(listed) struct listed listed;

	take(&listed, "{\"tools\":[{\"name\":\"good\"," SCHEMA "},{\"name\":\"b d\"," SCHEMA
		      "},{\"name\":\"none\"},{\"name\":\"good\"," SCHEMA "},7]}");
	CHECK_OK(listed.r, listed.err);
	CHECK_INT(json_array_size(listed.tools), 1);
	CHECK_INT(json_array_size(listed.left_out), 4);
}

TEST(a_page_without_tools_is_none)
{
	CLEANUP(listed) struct listed listed;

	take(&listed, "{\"tools\":{}}");
	CHECK_INT(listed.r, -EBADMSG);
}
