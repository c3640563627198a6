/* constable completion SHELL: what a shell needs to complete our commands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/completion/candidates.h"
#include "cli/completion/scripts.h"

/* A name may come from a host: it stays one word of one line. */
static bool is_plain(const char *word)
{
	for (; *word; word++)
		if (iscntrl((unsigned char)*word) || isspace((unsigned char)*word))
			return false;
	return true;
}

static void print_one(struct candidates *candidates UNUSED, const char *word,
		      const char *description)
{
	if (!is_plain(word) || *word == ':')
		return;
	(void)printf("%s\t", word);
	for (; *description; description++)
		(void)putchar(iscntrl((unsigned char)*description) ? ' ' : *description);
	(void)putchar('\n');
}

static int print_candidates(int n, char **words)
{
	struct candidates candidates = { .add = print_one };

	if (n && strcmp(words[0], "--") == 0) {
		n--;
		words++;
	}
	candidates_find(&candidates, n, words);
	if (candidates.also == CANDIDATES_FILES)
		(void)puts(":files");
	if (candidates.also == CANDIDATES_FOLDERS)
		(void)puts(":folders");
	return EXIT_DONE;
}

static int run(struct cli *cli UNUSED, int argc, char **argv)
{
	const char *script;

	if (argc > 1 && strcmp(argv[1], "candidates") == 0)
		return print_candidates(argc - 2, argv + 2);
	script = argc == 2 ? completion_script(argv[1]) : NULL;
	if (!script)
		return command_misused(&command_completion);
	(void)fputs(script, stdout);
	return EXIT_DONE;
}

const struct command command_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish\n"
		 "candidates -- [WORD...]",
	.summary = "Complete commands, options, tools and hosts in a shell",
	.help = "Prints a script for that shell. The packages install it; from a build tree:\n"
		"  source <(constable completion bash)\n"
		"  source <(constable completion zsh)      after compinit\n"
		"  constable completion fish | source\n"
		"'candidates' is what these scripts ask: a word and its meaning a line. Names of\n"
		"hosts, pipelines and the like come from the server, if it answers within a "
		"second.\n",
	.run = run,
	.state = COMMAND_WITHOUT_STATE,
};
