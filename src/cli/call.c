/* constable call TOOL [JSON]: any tool, through the gate. */
#include "cli/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/commands.h"

#define ARGS_MAX_BYTES (1 * MIB)

/* Control bytes must not steer the terminal of the person who decides. */
static void print_escaped(FILE *stream, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < ' ' || byte >= 0x7f)
			(void)fprintf(stream, "\\x%02x", byte);
		else
			(void)fputc(byte, stream);
	}
}

static bool ask_person(const struct cli_call *call, const json_t *approval)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	(void)fprintf(stderr, "%s asks to run '%s' with exactly these arguments:\n  ",
		      json_get_text(approval, "asked_by", "somebody"), call->tool);
	print_escaped(stderr, call->args, call->n_args);
	(void)fprintf(stderr, "\nSHA-256 %s\nAllow it, once? [y/N] ",
		      json_get_text(approval, "args_sha256", ""));
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int approve(struct gate_remote *remote, const char *nonce, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:s}", "type", "approve", "nonce", nonce);
	CLEANUP(frame) struct frame answer = { 0 };

	return gate_remote_call(remote, header, NULL, 0, &answer, err);
}

static int send_call(struct gate_remote *remote, const struct cli_call *call, const char *nonce,
		     struct frame *answer_out, struct error *err)
{
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:s, s:s*}", "type", "call", "tool", call->tool, "nonce", nonce);

	return gate_remote_call(remote, header, call->args, call->n_args, answer_out, err);
}

int cli_call(struct gate_remote *remote, const struct cli_call *call, struct frame *answer_out,
	     struct error *err)
{
	int r = send_call(remote, call, call->nonce, answer_out, err);
	const json_t *approval = json_object_get(answer_out->header, "approval");
	char nonce[64];

	if (r == 0 || !approval)
		return r;
	(void)snprintf(nonce, sizeof(nonce), "%s", json_get_text(approval, "nonce", ""));
	if (!ask_person(call, approval))
		return error_set(err, -EACCES,
				 "'%s' needs an approval: on a terminal root is asked for it; "
				 "with a warden service, root runs 'constable approval grant %s' "
				 "and the call is repeated with --nonce %s",
				 call->tool, nonce, nonce);
	r = approve(remote, nonce, err);
	return r < 0 ? r : send_call(remote, call, nonce, answer_out, err);
}

int cli_call_json(struct gate_remote *remote, const struct cli_call *call, json_t **result_out,
		  struct error *err)
{
	CLEANUP(frame) struct frame answer = { 0 };
	int r = cli_call(remote, call, &answer, err);

	if (r < 0)
		return r;
	*result_out = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
	return *result_out ? 0 : err->code;
}

static int read_stdin(struct buf *args, struct error *err)
{
	int r;

	buf_init(args, ARGS_MAX_BYTES);
	r = buf_read_fd(args, STDIN_FILENO);
	if (r == 0 && args->dropped)
		r = -E2BIG;
	return r < 0 ? error_set(err, r, "read the arguments: %s", strerrordesc_np(-r)) : 0;
}

/* Fills 'call' from the command line; 'piped' holds what came by standard input. */
static int parse(int argc, char **argv, struct cli_call *call, struct buf *piped, struct error *err)
{
	const char *args = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--nonce") == 0 && i + 1 < argc)
			call->nonce = argv[++i];
		else if (!call->tool && argv[i][0] != '-')
			call->tool = argv[i];
		else if (call->tool && !args)
			args = argv[i];
		else
			return -EINVAL;
	}
	if (!call->tool)
		return -EINVAL;
	if (args && strcmp(args, "-") == 0) {
		if (read_stdin(piped, err) < 0)
			return err->code;
		args = buf_text(piped);
	}
	call->args = args ? args : "{}";
	call->n_args = strlen(call->args);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	CLEANUP(json) json_t *result = NULL;
	CLEANUP(buf) struct buf piped = { 0 };
	struct cli_call call = { 0 };
	struct error err = { 0 };

	if (parse(argc, argv, &call, &piped, &err) < 0)
		return err.code ? command_failed(&err) : command_misused(&command_call);
	if (cli_open_gate(cli, &remote, &err) < 0 ||
	    cli_call_json(&remote, &call, &result, &err) < 0)
		return command_failed(&err);
	cli_print_json(result);
	return EXIT_DONE;
}

const struct command command_call = {
	.name = "call",
	.usage = "TOOL [JSON|-] [--nonce NONCE]",
	.summary = "Run one tool through the gate and print its JSON",
	.help = "JSON are the tool's arguments, '-' reads them from standard input.\n"
		"'constable tools' lists the tools and what they take.\n",
	.run = run,
};
