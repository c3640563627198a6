#include "server/api/router.h"

#include <string.h>

#include "base/test.h"

#define ROUTE(verb, path)                                          \
	{                                                          \
		.method = (verb), .pattern = (path), .summary = "" \
	}

static const struct route table[] = {
	ROUTE("GET", "/agents"),
	ROUTE("POST", "/agents"),
	ROUTE("GET", "/agents/{agent_id}"),
	ROUTE("GET", "/agents/register"),
	ROUTE("GET", "/agents/{agent_id}/calls/{call_id}"),
	ROUTE("GET", "/install/{customer}.sh"),
	ROUTE("GET", "/install/{customer}.yaml"),
	{ 0 },
};
static const struct route *const tables[] = { table, NULL };

static struct router_match find(const char *method, const char *path)
{
	struct router *router = router_new(tables);
	struct router_match match;

	router_find(router, method, path, &match);
	router_free(router);
	return match;
}

/* The routes outlive the router, its entries do not: found or not is all that is looked at. */
static bool found(const char *method, const char *path)
{
	return find(method, path).entry != NULL;
}

TEST(a_path_gives_what_its_names_stand_for)
{
	struct router_match match = find("GET", "/agents/a1/calls/c2");

	CHECK(match.entry);
	CHECK_TEXT(match.params[0], "a1");
	CHECK_TEXT(match.params[1], "c2");
}

TEST(a_word_goes_before_a_name)
{
	struct router_match match = find("GET", "/agents/register");

	CHECK(match.entry);
	CHECK_TEXT(match.params[0], "");
}

TEST(a_name_may_have_an_ending)
{
	CHECK_TEXT(find("GET", "/install/ins_x.sh").params[0], "ins_x");
	CHECK_TEXT(find("GET", "/install/a.sh.yaml").params[0], "a.sh");
	CHECK(!found("GET", "/install/.sh"));
	CHECK(!found("GET", "/install/x.py"));
}

TEST(a_wrong_method_is_told_which_are_right)
{
	struct router_match match = find("DELETE", "/agents");

	CHECK(!match.entry);
	CHECK_TEXT(match.allow, "GET, POST");
	CHECK_TEXT(find("DELETE", "/nowhere").allow, "");
}

TEST(head_is_get_and_a_last_slash_is_no_harm)
{
	CHECK(found("HEAD", "/agents"));
	CHECK(found("GET", "/agents/"));
	CHECK(!found("GET", "/agents//"));
	CHECK(!found("GET", "/agents/a/b"));
	CHECK(!found("GET", "/agent"));
	CHECK(!found("GET", "/"));
	CHECK(!found("GET", ""));
}

TEST(a_name_too_long_is_nobodys)
{
	char path[ROUTER_PARAM_BYTES + 32];

	memset(path, 'a', sizeof(path));
	memcpy(path, "/agents/", 8);
	path[sizeof(path) - 1] = '\0';
	CHECK(!found("GET", path));
}

TEST(a_pattern_tells_its_names)
{
	char names[ROUTE_MAX_PARAMS][32];

	CHECK_INT(router_params("/agents/{agent_id}/calls/{call_id}", names), 2);
	CHECK_TEXT(names[0], "agent_id");
	CHECK_TEXT(names[1], "call_id");
}
