#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/usage.h"

const struct command *command_find(const char *name)
{
	for (const struct command *const *at = commands; *at; at++)
		if (strcmp((*at)->name, name) == 0)
			return *at;
	return NULL;
}

int command_misused(const struct command *command)
{
	const char *at = command->usage, *intro = "usage:";
	struct usage_form form;

	if (!*at)
		(void)fprintf(stderr, "usage: constable %s\n", command->name);
	for (; usage_next(&at, &form); intro = "      ")
		(void)fprintf(stderr, "%s constable %s %.*s\n", intro, command->name,
			      (int)form.line.len, form.line.data);
	return EXIT_WRONG_USE;
}

/* The sentence may quote a host or a person: it stays one line without controls. */
static void say(const char *text)
{
	CLEANUP(buf) struct buf escaped = { 0 };

	buf_init(&escaped, 16 * KIB);
	escape_add(&escaped, text, strlen(text), CHARSET_UTF8);
	(void)fprintf(stderr, "constable: %s\n", buf_text(&escaped));
}

int command_failed(const struct error *err)
{
	say(err->text);
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
	char state[4096 + 16]; /* as the service: one audit log a host */
	struct gate_remote_config config = {
		.socket = cli->socket,
		.executables = cli->executables,
		.state = state,
		.policy = cli->policy,
		.host = cli->host,
	};

	text_format(state, sizeof(state), "%s/warden", cli->state);
	return gate_remote_open(remote, &config, err);
}

int cli_request(const struct cli *cli, const char *type, const char *nonce, json_t **body_out,
		struct error *err)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	CLEANUP(json) json_t *header = json_pack("{s:s, s:s*}", "type", type, "nonce", nonce);
	CLEANUP(frame) struct frame answer = { 0 };
	int r = cli_open_gate(cli, &remote, err);

	if (r == 0)
		r = gate_remote_call(&remote, header, NULL, 0, &answer, err);
	if (r < 0 || !answer.n_body)
		return r;
	*body_out = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
	return *body_out ? 0 : err->code;
}

void cli_print_json(const json_t *json)
{
	size_t layout = isatty(STDOUT_FILENO) ? JSON_INDENT(2) | JSON_ENSURE_ASCII : JSON_COMPACT;

	(void)json_dumpf(json, stdout,
			 layout | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	(void)fputc('\n', stdout);
}
