/* constable: dispatches to its commands. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/names.h"
#include "cli/places.h"
#include "cli/server_name.h"
#include "cli/settings.h"

/* May stand anywhere before a "--", as people expect; other settings before the command. */
static bool is_anywhere(const char *arg)
{
	static const char *const flags[] = { "--color", "--host", "--label" };

	size_t len = strcspn(arg, "=");

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strlen(flags[i]) == len && memcmp(arg, flags[i], len) == 0)
			return true;
	return false;
}

static int take_anywhere(struct config *config, int *argc, char **argv, struct error *err)
{
	int kept = 1, at = 1;

	while (at < *argc && strcmp(argv[at], "--") != 0) {
		int taken = 0;

		if (strcmp(argv[at], "--no-color") == 0) {
			if (config_set(config, "color", "never", "--no-color", err) < 0)
				return err->code;
			at++;
			continue;
		}
		if (is_anywhere(argv[at]))
			taken = config_take_flag(config, argv, &at, err);
		if (taken < 0)
			return taken;
		if (!taken)
			argv[kept++] = argv[at++];
	}
	while (at < *argc)
		argv[kept++] = argv[at++];
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

/* How many words of argv the settings took, or a negative errno. */
static int take_settings(struct config *config, int *argc, char **argv, struct error *err)
{
	int at = 1;
	int r = take_anywhere(config, argc, argv, err);

	while (r == 0 && at < *argc) {
		int taken = config_take_flag(config, argv, &at, err);

		if (taken <= 0) {
			r = taken;
			break;
		}
	}
	return r < 0 ? r : at - 1;
}

static const struct command *choose(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return &command_help;
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0)
		return &command_version;
	return command_find(argv[1]);
}

static int dispatch(struct cli *cli, const struct places *places, int argc, char **argv)
{
	const struct command *command = choose(argc, argv);
	char *help_args[] = { "help", NULL, NULL };
	struct error err = { 0 };

	if (!command) {
		error_set(&err, -EINVAL, "no command named '%s'; see 'constable help'", argv[1]);
		return command_failed(&err);
	}
	if (command == &command_help && argc > 1 && argv[1][0] == '-')
		return command->run(cli, 1, argv);
	if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
		help_args[1] = argv[1];
		return command_help.run(cli, 2, help_args);
	}
	if (command->state != COMMAND_WITHOUT_STATE && places_make_state(places, &err) < 0 &&
	    command->state == COMMAND_WITH_STATE)
		return command_failed(&err);
	return argc > 1 ? command->run(cli, argc - 1, argv + 1) : command->run(cli, 1, argv);
}

static void start_log(const struct config *config)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };

	log_set("constable", levels[config_get_choice(config, "log_level")]);
}

static int run(int argc, char **argv)
{
	CLEANUP(config) struct config config = { 0 };
	struct places places;
	struct cli cli = {
		.config = &config,
		.executables = places.executables,
		.knowledge = places.knowledge,
		.skills = places.skills,
		.state = places.state,
	};
	struct error err = { 0 };
	int taken;

	if (server_name_take(&argc, argv, &err) < 0 || settings_fill(&config, &err) < 0)
		return command_failed(&err);
	taken = take_settings(&config, &argc, argv, &err);
	if (taken < 0 || server_name_settle(&config, &err) < 0)
		return command_failed(&err);
	config_export_flags(&config);
	start_log(&config);
	places_find(&places, &config);
	cli.socket = config_get(&config, "socket")->text;
	cli.policy = config_get(&config, "policy")->text;
	if (!*cli.policy)
		cli.policy = NULL;
	cli.host = config_get(&config, "host")->text;
	if (!*cli.host)
		cli.host = NULL;
	cli.label = config_get(&config, "label")->text;
	if (!*cli.label)
		cli.label = NULL;
	page_init(&cli.out, stdout, (enum colour)config_get_choice(&config, "color"));
	page_init(&cli.err, stderr, (enum colour)config_get_choice(&config, "color"));
	return dispatch(&cli, &places, argc - taken, argv + taken);
}

int main(int argc, char **argv)
{
	struct names_translation translation;
	struct error err = { 0 };

	/* Which characters there are, but numbers as JSON writes them. */
	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	if (names_translate(argc, argv, &translation, &err) < 0)
		return command_failed(&err);
	return run(translation.argc, translation.argv);
}
