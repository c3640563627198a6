#include "server/org/role.h"

#include "base/test.h"

TEST(a_role_may_what_lower_ones_may)
{
	CHECK(role_allows(ROLE_VIEWER, ROLE_ADMIN));
	CHECK(role_allows(ROLE_RESPONDER, ROLE_APPROVER));
	CHECK(!role_allows(ROLE_APPROVER, ROLE_RESPONDER));
	CHECK(!role_allows(ROLE_VIEWER, ROLE_NONE));
	CHECK(role_allows(ROLE_NONE, ROLE_NONE));
}

TEST(agents_and_people_do_not_stand_in_for_each_other)
{
	CHECK(!role_allows(ROLE_VIEWER, ROLE_AGENT));
	CHECK(!role_allows(ROLE_AGENT, ROLE_ADMIN));
	CHECK(role_allows(ROLE_AGENT, ROLE_AGENT));
}

TEST(no_key_can_be_made_for_an_agent_or_nobody)
{
	enum role role;

	CHECK(role_from_name("approver", &role));
	CHECK_INT(role, ROLE_APPROVER);
	CHECK(!role_from_name("agent", &role));
	CHECK(!role_from_name("none", &role));
	CHECK(!role_from_name("Admin", &role));
}
