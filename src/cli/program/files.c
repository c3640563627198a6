/* constable-program: build, sign and verify, by whoever makes programs. */
#include "cli/program/program.h"

#include <string.h>

#include "cli/commands.h"

const struct command *const commands[] = {
	&command_program,
	&command_help,
	&command_version,
	NULL,
};

struct options {
	struct program_signing signing;
	int wants_json;
};

static int read_options(struct options *options, int argc, char **argv, struct words *words_out,
			struct error *err)
{
	struct program_signing *signing = &options->signing;
	const struct option_row rows[] = {
		{ "--key-file", OPTION_TEXT, &signing->key_file },
		{ "--vault-transit", OPTION_TEXT, &signing->vault_transit },
		{ "--vault-token-file", OPTION_TEXT, &signing->vault_token_file },
		{ "--hosts", OPTION_TEXT, &signing->hosts },
		{ "--min-agent", OPTION_TEXT, &signing->min_agent },
		{ "--seq", OPTION_COUNT, &signing->seq },
		{ "--expires", OPTION_DURATION, &signing->valid_ns },
		{ "--json", OPTION_SET, &options->wants_json },
		{ 0 },
	};

	return option_read(rows, argc, argv, words_out, err);
}

int program_run(struct cli *cli, int argc, char **argv)
{
	struct options options = { .signing.seq = 1, .signing.valid_ns = 90 * 86400 * NS_PER_SEC };
	struct words words;
	struct error err = { 0 };
	const char *verb;

	if (read_options(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	verb = words.n ? words.at[0] : "";
	if (strcmp(verb, "build") == 0 && words.n == 3)
		return program_build(cli, &words);
	options.signing.folder = words.n == 2 ? words.at[1] : NULL;
	options.signing.executables = cli->executables;
	if (strcmp(verb, "sign") == 0 && words.n == 2 &&
	    !options.signing.key_file != !options.signing.vault_transit)
		return program_sign(cli, &options.signing);
	if (strcmp(verb, "verify") == 0 && words.n == 2 && options.signing.key_file)
		return program_verify(cli, &words, options.signing.key_file, options.wants_json);
	return command_misused(&command_program);
}
