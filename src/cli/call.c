/* constable call TOOL [JSON | key=value...]: any tool, through the gate. */
#include "cli/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/fleet.h"

#define ARGS_MAX_BYTES (1 * MIB)

/* The exact bytes, visible: what the person says yes to is what will run. */
static bool ask_person(const struct cli_call *call, const json_t *approval)
{
	CLEANUP(buf) struct buf shown = { 0 };
	char line[16] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	buf_init(&shown, 4 * ARGS_MAX_BYTES);
	escape_add(&shown, call->args, call->n_args, CHARSET_ASCII);
	(void)fprintf(stderr,
		      "%s asks to run '%s' with exactly these arguments:\n  %s\nSHA-256 %s\n",
		      json_get_text(approval, "asked_by", "somebody"), call->tool, buf_text(&shown),
		      json_get_text(approval, "args_sha256", ""));
	(void)fputs("Allow it, once? [y/N] ", stderr);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int approve(struct gate_remote *remote, const char *nonce, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:s}", "type", "approve", "nonce", nonce);
	CLEANUP(frame) struct frame answer = { 0 };

	return gate_remote_call(remote, header, NULL, 0, &answer, err);
}

/* Says what it waits for; on a terminal, who may say yes himself is asked at once. */
static void tell_waiting(const struct cli *cli, const json_t *progress)
{
	const char *id = json_get_text(progress, "call_id", "");
	char *words[] = { "approval", "sign", (char *)id, "--offer", NULL };
	pid_t pid;

	(void)fprintf(stderr,
		      "constable: '%s' on %s waits for an approval; who may: constable approval "
		      "sign %s\n",
		      json_get_text(progress, "tool", ""), json_get_text(progress, "host", ""), id);
	if (!cli || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return;
	pid = fork();
	if (pid == 0)
		_exit(fleet_run((struct cli *)(uintptr_t)cli, 4, words)); /* it hands over */
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void handle_progress(void *data, const json_t *progress)
{
	const struct cli_call *call = data;

	if (strcmp(json_get_text(progress, "waits_for", ""), "approval") == 0)
		tell_waiting(call->cli, progress);
	else if (call->show)
		call->show(call->data, progress);
}

static int send_call(struct gate_remote *remote, const struct cli_call *call, const char *nonce,
		     struct frame *answer_out, struct error *err)
{
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:s, s:s*}", "type", "call", "tool", call->tool, "nonce", nonce);

	if (call->show)
		json_put(header, "progress", json_true());
	if (call->approval_ns)
		json_put(header, "approval_ms",
			 json_integer((json_int_t)(call->approval_ns / NS_PER_MS)));
	remote->show = handle_progress;
	remote->data = (void *)(uintptr_t)call;
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
	text_format(nonce, sizeof(nonce), "%s", json_get_text(approval, "nonce", ""));
	if (!ask_person(call, approval))
		return error_set(err, -EACCES,
				 "'%s' needs an approval: on a terminal root is asked for it; "
				 "with a warden service, root runs 'constable approval grant %s' "
				 "and the call is repeated with --nonce %s",
				 call->tool, nonce, nonce);
	r = approve(remote, nonce, err);
	return r < 0 ? r : send_call(remote, call, nonce, answer_out, err);
}

/* One call of a plan, as {"tool", "args"} and its result or why there is none. */
static void make_planned(struct gate_remote *remote, json_t *planned)
{
	CLEANUP(text) char *args = json_canonical(json_object_get(planned, "args"));
	struct cli_call call = {
		.tool = json_get_text(planned, "tool", ""),
		.args = args,
		.n_args = strlen(args),
	};
	CLEANUP(frame) struct frame answer = { 0 };
	json_t *result = NULL;
	struct error err = { 0 };

	if (cli_call(remote, &call, &answer, &err) == 0)
		result = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, &err);
	json_put(planned, "result", result ? result : json_null());
	if (!result)
		json_put(planned, "error", json_text(err.text, strlen(err.text)));
}

/* The gate said what to call: each goes through it by itself. */
static json_t *make_plan(struct gate_remote *remote, json_t *calls)
{
	json_t *planned;
	size_t i;

	json_array_foreach(calls, i, planned) make_planned(remote, planned);
	return json_pack("{s:O}", "calls", calls);
}

int cli_call_json(struct gate_remote *remote, const struct cli_call *call, json_t **result_out,
		  struct error *err)
{
	CLEANUP(frame) struct frame answer = { 0 };
	CLEANUP(json) json_t *result = NULL;
	int r = cli_call(remote, call, &answer, err);

	if (r < 0)
		return r;
	result = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
	if (!result)
		return err->code;
	*result_out = json_get_bool(answer.header, "plan", false) ? make_plan(remote, result)
								  : json_incref(result);
	return 0;
}

int cli_run_approved(const struct cli *cli, const struct cli_call *call, json_t **result_out,
		     struct error *err)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	int r = cli_open_gate(cli, &remote, err);

	return r < 0 ? r : cli_call_json(&remote, call, result_out, err);
}

int cli_run_tool(const struct cli *cli, const char *tool, json_t *args, json_t **result_out,
		 struct error *err)
{
	CLEANUP(text) char *text = json_canonical(args);
	struct cli_call call = { .tool = tool, .args = text, .n_args = strlen(text) };

	json_decref(args);
	return cli_run_approved(cli, &call, result_out, err);
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

static const json_t *find_tool(const json_t *tools, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return tool;
	}
	return NULL;
}

/* key=value words become the JSON that the tool's schema asks for. */
static int build(const struct cli *cli, const struct words *words, struct buf *args,
		 struct error *err)
{
	CLEANUP(json) json_t *tools = NULL;
	CLEANUP(json) json_t *built = NULL;
	CLEANUP(text) char *text = NULL;
	const json_t *tool;
	int r = cli_request(cli, "tools", NULL, &tools, err);

	if (r < 0)
		return r;
	tool = find_tool(tools, words->at[0]);
	if (!tool)
		return error_set(err, -ENOENT, "no tool named '%s'; 'constable tools' lists them",
				 words->at[0]);
	built = arguments_from_words(json_object_get(tool, "schema"), words->at + 1, words->n - 1,
				     err);
	if (!built)
		return err->code;
	text = json_canonical(built);
	buf_add_text(args, text);
	return 0;
}

/* Said here, as the person's slip that it is; the gate checks it again. */
static int check_json(const struct buf *args, struct error *err)
{
	CLEANUP(json) json_t *json = json_parse(buf_text(args), args->len, ARGS_MAX_BYTES, err);

	if (json)
		return 0;
	err->code = -EINVAL;
	return error_wrap(err, "the arguments");
}

/* The exact bytes of the arguments: as given, piped, or built from key=value. */
static int collect(const struct cli *cli, const struct words *words, struct buf *args,
		   struct error *err)
{
	const char *first = words->n > 1 ? words->at[1] : "{}";

	if (words->n == 2 && strcmp(first, "-") == 0)
		return read_stdin(args, err);
	buf_init(args, ARGS_MAX_BYTES);
	if (words->n > 1 && first[0] != '{')
		return build(cli, words, args, err);
	if (words->n > 2)
		return error_set(err, -EINVAL,
				 "after the JSON of the arguments nothing may follow");
	buf_add_text(args, first);
	return check_json(args, err);
}

/* At every agent with the label: what speaks to the server reads the arguments as its input. */
static int fan_out(struct cli *cli, const char *tool, const struct buf *args, int wants_json)
{
	char *words[] = { "fan-out", (char *)tool, wants_json ? "--json" : NULL, NULL };
	CLEANUP(fd) int fd = memfd_create("arguments", MFD_CLOEXEC);
	struct error err = { 0 };

	if (fd < 0 || fd_write_all(fd, buf_text(args), args->len) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0) {
		error_errno(&err, "hand the arguments over");
		return command_failed(&err);
	}
	return command_fan_out.run(cli, wants_json ? 3 : 2, words);
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	CLEANUP(json) json_t *result = NULL;
	CLEANUP(buf) struct buf args = { 0 };
	struct cli_call call = { 0 };
	struct words words;
	int wants_json = 0; /* it always prints JSON */
	const struct option_row rows[] = {
		{ "--nonce", OPTION_TEXT, &call.nonce },
		{ "--approve-within", OPTION_DURATION, &call.approval_ns },
		{ "--json", OPTION_SET, &wants_json },
		{ 0 },
	};
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_call);
	if (collect(cli, &words, &args, &err) < 0)
		return command_failed(&err);
	call.cli = cli;
	call.tool = words.at[0];
	call.args = buf_text(&args);
	call.n_args = args.len;
	if (cli->label)
		return fan_out(cli, call.tool, &args, wants_json);
	if (cli_open_gate(cli, &remote, &err) < 0 ||
	    cli_call_json(&remote, &call, &result, &err) < 0)
		return command_failed(&err);
	cli_print_json(result);
	return EXIT_DONE;
}

const struct command command_call = {
	.name = "call",
	.usage = "TOOL [JSON | KEY=VALUE... | -] [--nonce NONCE] [--approve-within 1h] "
		 "[--host H | --label K=V] [--json]",
	.summary = "Run one tool through the gate and print its JSON",
	.help = "The arguments are JSON, or words like path=/var/log depth=3 that become what the\n"
		"tool's schema asks for; a list is given with commas (paths=/a,/b) or as JSON.\n"
		"'-' reads the JSON from standard input. 'constable tools TOOL' says what it "
		"takes.\n"
		"--host runs it on the host of that agent; --label on every agent's that has the\n"
		"label, beside each other: what came in time, and which hosts differ from most.\n"
		"What another host's policy wants approved waits, an hour or as long as\n"
		"--approve-within says, for somebody's 'constable approval sign'.\n",
	.run = run,
};
