/* Which of a host's servers is meant, and where its things lie. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "cli/server_name.h"
#include "cli/settings.h"

static int take(int argc, char **argv, int *left_out)
{
	struct error err = { 0 };
	int r = server_name_take(&argc, argv, &err);

	*left_out = argc;
	CHECK(!argv[argc]);
	return r;
}

TEST(a_name_moves_from_the_words_to_the_environment)
{
	char *first[] = { "constable", "--name", "second", "status", NULL };
	char *later[] = { "constable", "provision", "--pin", "x", "--name=third", "--force", NULL };
	int left;

	unsetenv("CONSTABLE_NAME");
	CHECK_INT(take(4, first, &left), 0);
	CHECK_INT(left, 2);
	CHECK_TEXT(first[1], "status");
	CHECK_TEXT(getenv("CONSTABLE_NAME"), "second");
	CHECK_INT(take(6, later, &left), 0);
	CHECK_INT(left, 5);
	CHECK_TEXT(later[4], "--force");
	CHECK_TEXT(getenv("CONSTABLE_NAME"), "third");
	unsetenv("CONSTABLE_NAME");
}

TEST(another_commands_name_is_its_own)
{
	char *token[] = { "constable", "token", "create", "--name", "ci", NULL };
	char *text[] = { "constable", "exec", "--", "provision", "--name", "x", NULL };
	int left;

	unsetenv("CONSTABLE_NAME");
	CHECK_INT(take(5, token, &left), 0);
	CHECK_INT(left, 5);
	CHECK_INT(take(6, text, &left), 0);
	CHECK_INT(left, 6);
	CHECK(!getenv("CONSTABLE_NAME"));
}

TEST(a_name_that_leads_elsewhere_is_refused)
{
	static const char *const bad[] = {
		"", "../x", "a/b", "-a", "A", "a b", "a.b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *argv[] = { "constable", "--name", (char *)bad[i], "status", NULL };
		int left;

		CHECK(!server_name_is_good(bad[i]));
		CHECK_INT(take(4, argv, &left), -EINVAL);
	}
	CHECK(server_name_is_good("eu-west-1"));
}

TEST(everything_of_a_named_server_lies_apart)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };
	char folder[SERVER_NAME_PATH_BYTES];

	setenv("CONSTABLE_NAME", "second", 1);
	setenv("XDG_STATE_HOME", "/x", 1);
	setenv("CONSTABLE_SOCKET", "/y", 1);
	CHECK(server_name_folder(folder));
	CHECK_TEXT(folder, "/etc/constable/servers/second");
	CHECK_TEXT(settings_path(), "/etc/constable/servers/second/agent.yaml");
	CHECK_INT(settings_fill(&config, &err), 0);
	CHECK_INT(server_name_settle(&config, &err), 0);
	CHECK(strstr(config_get(&config, "state_dir")->text, "/constable/servers/second"));
	CHECK_TEXT(config_get(&config, "socket")->text, "/y");
	CHECK_TEXT(config_get(&config, "api_address")->text, "off");
	CHECK_INT(config_set(&config, "name", "third", "--name", &err), 0);
	CHECK_INT(server_name_settle(&config, &err), -EINVAL);
	unsetenv("CONSTABLE_NAME");
	unsetenv("CONSTABLE_SOCKET");
}
