/* constable exec COMMAND: a shell command, by policy or with approval. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/commands.h"

/* Beyond what any result holds. */
#define SHOWN_MAX_BYTES (4 * MIB)

/* The bytes themselves in a pipe; on a terminal none that would steer it. */
static void show(struct page *page, const char *text)
{
	if (isatty(fileno(page->stream)))
		page_lines(page, text);
	else
		(void)fputs(text, page->stream);
}

static json_int_t in_seconds(uint64_t ns)
{
	return (json_int_t)((ns + NS_PER_SEC - 1) / NS_PER_SEC);
}

/* A line for a shell, which may do anything the approval allows. */
static json_t *shell_args(const struct words *words, uint64_t timeout_ns)
{
	CLEANUP(text) char *command = option_join(words);

	return json_pack("{s:o, s:I}", "command", json_text(command, strlen(command)), "timeout",
			 in_seconds(timeout_ns));
}

/* A program and its words, where nothing can be written: the policy allows it. */
static json_t *diagnostic_args(const struct words *words, uint64_t timeout_ns)
{
	json_t *argv = json_array();

	for (size_t i = 0; i < words->n; i++)
		json_push(argv, json_text(words->at[i], strlen(words->at[i])));
	return json_pack("{s:o, s:I}", "argv", argv, "timeout_s", in_seconds(timeout_ns));
}

/*
 * What was shown while it ran, so that the end shows the rest. After a gap the
 * pieces no longer follow one another, and all that is missing comes at the end.
 */
struct shown {
	struct cli *cli;
	struct buf output, errors;
	json_int_t seq;
	bool has_gap;
};

static void shown_init(struct shown *shown)
{
	buf_init(&shown->output, SHOWN_MAX_BYTES);
	buf_init(&shown->errors, SHOWN_MAX_BYTES);
}

static void shown_cleanup(struct shown *shown)
{
	buf_finish(&shown->output);
	buf_finish(&shown->errors);
}

static void handle_progress(void *data, const json_t *progress)
{
	struct shown *shown = data;
	bool is_output = strcmp(json_get_text(progress, "stream", ""), "stdout") == 0;
	const char *text = json_get_text(progress, "text", "");
	struct buf *so_far = is_output ? &shown->output : &shown->errors;

	shown->has_gap |= json_get_int(progress, "seq", 0) != ++shown->seq;
	if (shown->has_gap || strcmp(json_get_text(progress, "stream", ""), "note") == 0)
		return;
	buf_add_text(so_far, text);
	show(is_output ? &shown->cli->out : &shown->cli->err, text);
	(void)fflush(stdout);
}

/* Only a part of the whole may have been kept; it begins as what was shown does. */
static void show_rest(struct cli *cli, struct page *page, const struct buf *so_far,
		      const char *whole)
{
	size_t len = strlen(whole);
	size_t n = so_far->len < len ? so_far->len : len;

	if (!n || memcmp(buf_text(so_far), whole, n) == 0)
		show(page, whole + n);
	else
		page_lines(&cli->err, "constable: secrets in it are hidden otherwise when all of "
				      "it is known: --json has the whole\n");
}

static void print_result(struct cli *cli, const struct shown *shown, const json_t *result)
{
	show_rest(cli, &cli->out, &shown->output, json_get_text(result, "stdout", ""));
	(void)fflush(stdout);
	show_rest(cli, &cli->err, &shown->errors, json_get_text(result, "stderr", ""));
	if (json_get_bool(result, "timed_out", false))
		page_lines(&cli->err, "constable: its time was up: it was killed\n");
	if (json_get_bool(result, "truncated", false))
		page_lines(&cli->err, "constable: the output was too long: only a part is shown\n");
}

static int run(struct cli *cli, int argc, char **argv)
{
	uint64_t timeout_ns = config_get_ns(cli->config, "exec_timeout");
	CLEANUP(json) json_t *result = NULL;
	struct cli_call call = { 0 };
	int wants_json = 0, is_read_only = 0;
	const struct option_row rows[] = {
		{ "--timeout", OPTION_DURATION, &timeout_ns },
		{ "--read-only", OPTION_SET, &is_read_only },
		{ "--nonce", OPTION_TEXT, &call.nonce },
		{ "--json", OPTION_SET, &wants_json },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };
	CLEANUP(json) json_t *args = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(shown) struct shown shown = { .cli = cli };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_exec);
	args = is_read_only ? diagnostic_args(&words, timeout_ns) : shell_args(&words, timeout_ns);
	text = json_canonical(args);
	call.tool = is_read_only ? "run_diagnostic" : "execute_shell_command";
	call.args = text;
	call.n_args = strlen(text);
	call.cli = cli;
	shown_init(&shown);
	if (!wants_json) {
		call.show = handle_progress;
		call.data = &shown;
	}
	if (cli_run_approved(cli, &call, &result, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(result);
	else
		print_result(cli, &shown, result);
	return json_get_int(result, "exit_code", 1) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_exec = {
	.name = "exec",
	.usage = "COMMAND... [--read-only] [--timeout 300s] [--nonce NONCE] [--json]",
	.summary = "Run a shell command, by policy or with approval",
	.help = "What the policy names read-only runs at once, without the power to write; all "
		"else\n"
		"needs an approval. With --read-only no shell reads it and nothing can be "
		"written,\n"
		"so that it runs without one. Options of COMMAND itself go after '--' or inside\n"
		"quotes: constable exec --read-only -- ps aux --sort -rss\n"
		"Exit status 0 if the command's was 0, else 1.\n",
	.run = run,
};
