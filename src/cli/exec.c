/* constable exec COMMAND: a shell command, by policy or with approval. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/commands.h"

/* The bytes themselves in a pipe; on a terminal none that would steer it. */
static void show(struct page *page, const char *text)
{
	if (isatty(fileno(page->stream)))
		page_lines(page, text);
	else
		(void)fputs(text, page->stream);
}

static int run(struct cli *cli, int argc, char **argv)
{
	uint64_t timeout_ns = config_get_ns(cli->config, "exec_timeout");
	CLEANUP(json) json_t *result = NULL;
	CLEANUP(text) char *command = NULL;
	int wants_json = 0;
	const struct option_row rows[] = {
		{ "--timeout", OPTION_DURATION, &timeout_ns },
		{ "--json", OPTION_SET, &wants_json },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };
	json_t *args;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_exec);
	command = option_join(&words);
	args = json_pack("{s:o, s:I}", "command", json_text(command, strlen(command)), "timeout",
			 (json_int_t)((timeout_ns + NS_PER_SEC - 1) / NS_PER_SEC));
	if (cli_run_tool(cli, "execute_shell_command", args, &result, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(result);
	} else {
		show(&cli->out, json_get_text(result, "stdout", ""));
		show(&cli->err, json_get_text(result, "stderr", ""));
	}
	return json_get_int(result, "exit_code", 1) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_exec = {
	.name = "exec",
	.usage = "COMMAND... [--timeout 300s] [--json]",
	.summary = "Run a shell command, by policy or with approval",
	.help = "What the policy names read-only runs at once, without the power to write; all "
		"else\n"
		"needs an approval. Options of COMMAND itself go after '--' or inside quotes.\n"
		"Exit status 0 if the command's was 0, else 1.\n",
	.run = run,
};
