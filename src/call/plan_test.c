#include "call/plan.h"

#include "base/json.h"
#include "base/test.h"

static const char plan[] = "[{\"tool\":\"look\",\"args\":{\"at\":\"{place}\",\"max\":5}},"
			   "{\"tool\":\"listen\",\"args\":{\"to\":\"{place}\"},\"if\":\"place\"},"
			   "{\"tool\":\"smell\"}]";

static void check_filled(const char *args_text, const char *expected)
{
	CLEANUP(json) json_t *args = json_loads(args_text, 0, NULL);
	CLEANUP(json) json_t *calls = plan_fill(plan, args);
	CLEANUP(text) char *text = calls ? json_canonical(calls) : NULL;

	CHECK_TEXT(text, expected);
}

TEST(a_plan_puts_its_arguments_into_its_calls)
{
	check_filled("{\"place\":\"/srv\"}",
		     "[{\"args\":{\"at\":\"/srv\",\"max\":5},\"tool\":\"look\"},"
		     "{\"args\":{\"to\":\"/srv\"},\"tool\":\"listen\"},"
		     "{\"args\":{},\"tool\":\"smell\"}]");
	check_filled("{\"place\":7}", "[{\"args\":{\"at\":7,\"max\":5},\"tool\":\"look\"},"
				      "{\"args\":{\"to\":7},\"tool\":\"listen\"},"
				      "{\"args\":{},\"tool\":\"smell\"}]");
}

TEST(what_was_not_given_is_left_out)
{
	check_filled("{}", "[{\"args\":{\"max\":5},\"tool\":\"look\"},"
			   "{\"args\":{},\"tool\":\"smell\"}]");
}

TEST(what_is_no_list_is_no_plan)
{
	CLEANUP(json) json_t *args = json_object();

	CHECK(!plan_fill("{}", args));
	CHECK(!plan_fill("[", args));
}
