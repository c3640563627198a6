/* Commands that are one tool under a short name: exec, ls, metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/call.h"
#include "cli/commands.h"

/* Consumes 'args'. */
static int call_tool(struct cli *cli, const char *tool, json_t *args, json_t **result_out)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	CLEANUP(text) char *text = json_canonical(args);
	struct cli_call call = { .tool = tool, .args = text, .n_args = strlen(text) };
	struct error err = { 0 };

	json_decref(args);
	if (cli_open_gate(cli, &remote, &err) < 0 ||
	    cli_call_json(&remote, &call, result_out, &err) < 0)
		return command_failed(&err);
	return EXIT_DONE;
}

static int run_exec(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *result = NULL;
	const char *command = NULL;
	json_int_t timeout_s = 300;
	int r;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--timeout") == 0 && i + 1 < argc)
			timeout_s = strtoll(argv[++i], NULL, 10);
		else if (!command)
			command = argv[i];
		else
			return command_misused(&command_exec);
	}
	if (!command)
		return command_misused(&command_exec);
	r = call_tool(cli, "execute_shell_command",
		      json_pack("{s:s, s:I}", "command", command, "timeout", timeout_s), &result);
	if (r != EXIT_DONE)
		return r;
	(void)fputs(json_get_text(result, "stdout", ""), stdout);
	(void)fputs(json_get_text(result, "stderr", ""), stderr);
	return json_get_int(result, "exit_code", 1) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_exec = {
	.name = "exec",
	.usage = "COMMAND [--timeout SECONDS]",
	.summary = "Run a shell command, by policy or with approval",
	.run = run_exec,
};

static int run_ls(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *result = NULL;
	const json_t *entry;
	size_t i;
	int r;

	if (argc != 2)
		return command_misused(&command_ls);
	r = call_tool(cli, "list_directory", json_pack("{s:s}", "path", argv[1]), &result);
	if (r != EXIT_DONE)
		return r;
	json_array_foreach(json_object_get(result, "entries"), i, entry)(void) printf(
		"%-10s %12lld  %s\n", json_get_text(entry, "type", "?"),
		(long long)json_get_int(entry, "size_bytes", 0), json_get_text(entry, "name", "?"));
	return EXIT_DONE;
}

const struct command command_ls = {
	.name = "ls",
	.usage = "PATH",
	.summary = "List a directory through the gate",
	.run = run_ls,
};

static int run_metrics(struct cli *cli, int argc UNUSED, char **argv UNUSED)
{
	CLEANUP(json) json_t *result = NULL;
	int r = call_tool(cli, "get_system_metrics", json_object(), &result);

	if (r == EXIT_DONE)
		cli_print_json(result);
	return r;
}

const struct command command_metrics = {
	.name = "metrics",
	.usage = "",
	.summary = "CPU, memory, disk and network figures of this host",
	.run = run_metrics,
};
