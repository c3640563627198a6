/* constable ask [QUESTION]: what is wrong with this host, and why. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask/inquiry.h"
#include "cli/ask/interactive.h"
#include "cli/commands.h"
#include "cli/fleet.h"

#define QUESTION_MAX_BYTES (16 * KIB)
#define MODEL_TIMEOUT_NS (600 * NS_PER_SEC) /* where nobody says: models take their time */

struct options {
	struct inquiry inquiry;
	struct words words;
	const char *format, *thread;
	int wants_json;
	int is_thorough;
};

static int read_options(const struct cli *cli, int argc, char **argv, struct options *options,
			struct error *err)
{
	const struct option_row rows[] = {
		{ "--json", OPTION_SET, &options->wants_json },
		{ "--format", OPTION_TEXT, &options->format },
		{ "--engine", OPTION_TEXT, &options->inquiry.engine },
		{ "--since", OPTION_DURATION, &options->inquiry.since_ns },
		{ "--timeout", OPTION_DURATION, &options->inquiry.timeout_ns },
		{ "--save", OPTION_TEXT, &options->inquiry.save },
		{ "--thread", OPTION_TEXT, &options->thread },
		{ "--thorough", OPTION_SET, &options->is_thorough },
		{ 0 },
	};
	int r;

	*options = (struct options) {
		.inquiry.engine = config_get(cli->config, "engine")->text,
		.inquiry.since_ns = config_get_ns(cli->config, "since"),
		.inquiry.timeout_ns = config_get_ns(cli->config, "timeout"),
	};
	r = option_read(rows, argc, argv, &options->words, err);
	if (strcmp(options->inquiry.engine, "builtin") != 0 &&
	    options->inquiry.timeout_ns == config_get_ns(cli->config, "timeout") &&
	    options->inquiry.timeout_ns < MODEL_TIMEOUT_NS)
		options->inquiry.timeout_ns = MODEL_TIMEOUT_NS;
	options->inquiry.extent = options->is_thorough ? EXTENT_EVERYTHING : EXTENT_ENOUGH;
	if (r == 0)
		r = written_find(options->wants_json ? "json" : options->format,
				 &options->inquiry.format, err);
	return r;
}

/* All of standard input is one question, without the newline at its end. */
static int read_question(struct buf *question, struct error *err)
{
	int r;

	buf_init(question, QUESTION_MAX_BYTES);
	buf_add(question, "", 0);
	r = buf_read_fd(question, STDIN_FILENO);
	if (r < 0)
		return error_set(err, r, "read the question: %s", strerrordesc_np(-r));
	if (question->dropped)
		return error_set(err, -EINVAL, "the question is longer than %zu KiB",
				 QUESTION_MAX_BYTES / KIB);
	while (question->len && strchr(" \t\r\n", question->data[question->len - 1]))
		question->data[--question->len] = '\0';
	return 0;
}

/* A thread is the server's: it goes on there. */
static int ask_in_thread(struct cli *cli, const struct options *options)
{
	CLEANUP(text) char *question = option_join(&options->words);
	char since[32];
	char *words[] = { (char *)"investigation",
			  (char *)"ask",
			  (char *)"--thread",
			  (char *)(uintptr_t)options->thread,
			  (char *)"--since",
			  since,
			  question,
			  (char *)(options->wants_json ? "--json" : NULL),
			  NULL };
	struct error err = { 0 };

	if (!options->words.n)
		error_set(&err, -EINVAL, "--thread needs a question as well");
	else if (options->format || options->inquiry.save || options->is_thorough)
		error_set(&err, -EINVAL,
			  "--thread goes on at the server, where only --since and --json count; "
			  "'constable investigation case' saves what it finds");
	if (err.code)
		return command_failed(&err);
	text_format(since, sizeof(since), "%llus",
		    (unsigned long long)(options->inquiry.since_ns / NS_PER_SEC));
	return fleet_run(cli, options->wants_json ? 8 : 7, words);
}

static int run_ask(struct cli *cli, int argc, char **argv)
{
	CLEANUP(investigation) struct investigation investigation = { 0 };
	CLEANUP(buf) struct buf piped = { 0 };
	CLEANUP(text) char *joined = NULL;
	struct options options;
	struct error err = { 0 };

	if (read_options(cli, argc, argv, &options, &err) < 0)
		return command_failed(&err);
	if (options.thread)
		return ask_in_thread(cli, &options);
	if (!options.words.n && isatty(STDIN_FILENO) && options.inquiry.format == WRITTEN_TEXT)
		return interactive_run(cli, &options.inquiry);
	if (!options.words.n && !isatty(STDIN_FILENO) && read_question(&piped, &err) < 0)
		return command_failed(&err);
	joined = option_join(&options.words);
	options.inquiry.question = options.words.n ? joined : buf_text(&piped);
	return inquiry_run(cli, &options.inquiry, &investigation);
}

const struct command command_ask = {
	.name = "ask",
	.usage = "[QUESTION...] [--json | --format markdown|html|text] [--since 15m] "
		 "[--timeout 120s] [--save CASE] [--thorough] [--engine builtin|MODEL] "
		 "[--thread ID]",
	.summary = "Find out what is wrong with this host, and prove it",
	.help = "QUESTION is in plain words and needs no quotes: constable ask why is nginx down\n"
		"Without one it comes from standard input; on a terminal a conversation begins.\n"
		"An empty question asks what is wrong with this host.\n\n"
		"Exit status 0 once there is a report, whatever its verdict: cause-found,\n"
		"inconclusive or healthy ('--json' says which); 130 after Ctrl-C.\n\n"
		"A change that a model wants is asked about on a terminal: here only root is, and\n"
		"with --host who may sign it (constable approver); in a pipe none is offered. So "
		"is\n"
		"the remedy of a proven cause, which is verified afterwards.\n",
	.run = run_ask,
};
