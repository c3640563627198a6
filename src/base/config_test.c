#include "base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

static const struct config_key keys[] = {
	{ .name = "color",
	  .type = CONFIG_CHOICE,
	  .choices = "auto|never",
	  .otherwise = "auto",
	  .variable = "T_COLOR",
	  .aliases = { "SEED_COLOR" } },
	{ .name = "lines", .type = CONFIG_COUNT, .otherwise = "10", .variable = "T_LINES" },
	{ .name = "since", .type = CONFIG_DURATION, .otherwise = "15m", .variable = "T_SINCE" },
	{ .name = "state", .type = CONFIG_PATH, .otherwise = "", .variable = "T_STATE" },
	{ .name = "url", .type = CONFIG_TEXT, .otherwise = "", .variable = "T_URL" },
	{ 0 },
};

static int parse(struct config *config, const char *text, struct error *err)
{
	config_init(config, keys);
	return config_parse(config, "agent.yaml", text, strlen(text), err);
}

static void refuses(const char *text, const char *sentence)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	CHECK(parse(&config, text, &err) < 0);
	CHECK_TEXT(err.text, sentence);
}

TEST(a_value_stands_where_it_was_set_last)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	CHECK_OK(parse(&config, "color: never\nlines: 30\n", &err), err);
	CHECK_INT(config_get_choice(&config, "color"), 1);
	CHECK_INT(config_get_count(&config, "lines"), 30);
	CHECK_INT(config_get_ns(&config, "since"), UINT64_C(900) * NS_PER_SEC);
	CHECK_TEXT(config_get(&config, "lines")->source, "agent.yaml:2");
	CHECK_TEXT(config_get(&config, "since")->source, "default");
}

TEST(an_unknown_key_is_named_with_file_and_line)
{
	refuses("color: auto\ncolour: auto\n",
		"agent.yaml:2: no key 'colour'; 'constable config' lists them");
}

TEST(a_bad_value_is_named_with_file_line_and_key)
{
	refuses("color: green\n", "agent.yaml:1: color: 'green' is none of auto|never");
	refuses("\nlines: many\n", "agent.yaml:2: lines: 'many' is no whole number");
	refuses("since: soon\n",
		"agent.yaml:1: since: 'soon' is no duration; write 90s, 15m or 2h");
	refuses("state: here\n", "agent.yaml:1: state: 'here' is no absolute path");
	refuses("lines: [1]\n", "agent.yaml:1: lines: expected one word or number");
	refuses("- a\n", "agent.yaml:1: expected lines of the form 'key: value'");
}

TEST(a_text_is_one_line)
{
	refuses("url: \"a\\nb\"\n", "agent.yaml:1: url: the text is not one line");
}

TEST(an_empty_file_is_no_error)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	CHECK_OK(parse(&config, "# nothing\n", &err), err);
}

TEST(our_variable_wins_over_the_seeds)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	config_init(&config, keys);
	(void)setenv("SEED_COLOR", "never", 1);
	CHECK_OK(config_add_environment(&config, &err), err);
	CHECK_TEXT(config_get(&config, "color")->source, "SEED_COLOR");
	(void)setenv("T_COLOR", "AUTO", 1);
	CHECK_OK(config_add_environment(&config, &err), err);
	CHECK_INT(config_get_choice(&config, "color"), 0);
	CHECK_TEXT(config_get(&config, "color")->source, "T_COLOR");
	(void)unsetenv("SEED_COLOR");
	(void)unsetenv("T_COLOR");
}

TEST(a_file_that_others_could_have_written_is_refused)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };
	char path[] = "/tmp/constable-config.XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	(void)fchmod(fd, 0666);
	(void)close(fd);
	config_init(&config, keys);
	CHECK_INT(config_add_file(&config, path, &err), -EPERM);
	(void)chmod(path, 0600);
	CHECK_OK(config_add_file(&config, path, &err), err);
	(void)unlink(path);
	CHECK_OK(config_add_file(&config, path, &err), err);
}
