#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

const struct command *const commands[] = {
	&command_up,    &command_ask,      &command_call,    &command_tools,
	&command_exec,  &command_ls,       &command_metrics, &command_status,
	&command_audit, &command_approval, &command_help,    &command_version,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *at = commands; *at; at++)
		if (strcmp((*at)->name, name) == 0)
			return *at;
	return NULL;
}

int command_misused(const struct command *command)
{
	(void)fprintf(stderr, "usage: constable %s %s\n", command->name, command->usage);
	return EXIT_WRONG_USE;
}

int command_failed(const struct error *err)
{
	(void)fprintf(stderr, "constable: %s\n", err->text);
	switch (-err->code) {
	case EACCES:
	case EPERM:
		return EXIT_NOT_PERMITTED;
	case EPIPE:
	case ECONNREFUSED:
	case EHOSTUNREACH:
		return EXIT_UNREACHABLE;
	case EINVAL:
		return EXIT_WRONG_USE;
	default:
		return EXIT_FAILED;
	}
}

int cli_open_gate(const struct cli *cli, struct gate_remote *remote, struct error *err)
{
	struct gate_remote_config config = {
		.socket = cli->socket,
		.executables = cli->executables,
		.state = cli->state,
		.policy = cli->policy,
	};

	return gate_remote_open(remote, &config, err);
}

void cli_print_json(const json_t *json)
{
	size_t layout = isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT;

	(void)json_dumpf(json, stdout, layout | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	(void)fputc('\n', stdout);
}
