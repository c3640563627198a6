#include "mcp_client/oauth/challenge.h"

#include <string.h>

#include "base/test.h"

#define METADATA "https://mcp.example/.well-known/oauth-protected-resource"

static struct oauth_challenge read(const char *field)
{
	struct oauth_challenge challenge = { 0 };

	CHECK(oauth_challenge_parse(field, &challenge));
	return challenge;
}

TEST(a_challenge_names_metadata_scope_and_error)
{
	struct oauth_challenge said = read("Bearer error=\"insufficient_scope\", "
					   "scope=\"files:read  files:write\", "
					   "resource_metadata=\"" METADATA "\"");

	CHECK_TEXT(said.resource_metadata, METADATA);
	CHECK_TEXT(said.scope, "files:read files:write");
	CHECK_TEXT(said.error, "insufficient_scope");
}

TEST(the_bearer_challenge_is_found_among_others)
{
	struct oauth_challenge said = read("Basic realm=\"a, Bearer scope=\\\"no\\\"\", "
					   "Negotiate, bearer Scope = one , Digest scope=\"no\"");

	CHECK_TEXT(said.scope, "one");
}

TEST(a_bare_challenge_is_one)
{
	CHECK_TEXT(read("Bearer").scope, "");
	CHECK_TEXT(read(" ,, Bearer ").resource_metadata, "");
}

TEST(what_is_said_twice_is_not_said)
{
	struct oauth_challenge said =
		read("Bearer scope=a, scope=b, resource_metadata=\"" METADATA "\"");

	CHECK_TEXT(said.scope, "");
	CHECK_TEXT(said.resource_metadata, METADATA);
}

TEST(a_value_that_does_not_fit_or_end_is_not_said)
{
	char field[4 * OAUTH_URL_BYTES] = "Bearer error=x, resource_metadata=\"https://a/";

	memset(field + strlen(field), 'a', 3 * OAUTH_URL_BYTES);
	CHECK_TEXT(read(field).resource_metadata, "");
	CHECK_TEXT(read(field).error, "x");
	CHECK_TEXT(read("Bearer scope=\"a\nb\"").scope, "");
}

TEST(no_challenge_of_bearer_is_none)
{
	static const char *const fields[] = { "", "Basic realm=\"Bearer\"", "Bearerly scope=a",
					      "\"Bearer\"", "Basic realm=\"open" };
	struct oauth_challenge challenge = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		CHECK(!oauth_challenge_parse(fields[i], &challenge));
}
