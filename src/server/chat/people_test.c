#include "server/chat/people.h"

#include "base/test.h"

static enum role role_of(const char *settings, const char *team, const char *user)
{
	CLEANUP(json) json_t *json = json_loads(settings, 0, NULL);
	struct chat_person person = { 0 };
	struct click click = { 0 };

	text_format(click.team, sizeof(click.team), "%s", team);
	text_format(click.user, sizeof(click.user), "%s", user);
	return chat_person_find(json, &click, &person) ? person.role : ROLE_NONE;
}

#define ANA "\"people\":[{\"id\":\"U1\",\"name\":\"ana\",\"role\":\"approver\"}]"

TEST(only_who_is_listed_counts)
{
	CHECK_INT(role_of("{" ANA "}", "T1", "U1"), ROLE_APPROVER);
	CHECK_INT(role_of("{" ANA "}", "T1", "U2"), ROLE_NONE);
	CHECK_INT(role_of("{" ANA "}", "T1", ""), ROLE_NONE);
	CHECK_INT(role_of("{}", "T1", "U1"), ROLE_NONE);
}

TEST(another_workspace_does_not_count)
{
	CHECK_INT(role_of("{\"team\":\"T1\"," ANA "}", "T1", "U1"), ROLE_APPROVER);
	CHECK_INT(role_of("{\"team\":\"T1\"," ANA "}", "T2", "U1"), ROLE_NONE);
	CHECK_INT(role_of("{\"team\":\"T1\"," ANA "}", "", "U1"), ROLE_NONE);
}
