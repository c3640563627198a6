/* constable trace [NAME | JSON]: a time-limited look into the kernel, as charts and tables. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/trace_live.h"
#include "cli/trace_table.h"
#include "kernel/trace/preset.h"

#define ARGS_MAX_BYTES (64 * KIB)
#define SUMMARY_COLUMN 20

static void print_presets(struct page *page)
{
	for (const struct trace_preset *at = trace_presets; at->name; at++) {
		page_add(page, STYLE_NAME, "%s", at->name);
		page_to(page, SUMMARY_COLUMN);
		page_flow(page, STYLE_PLAIN, SUMMARY_COLUMN, at->summary);
		page_end(page);
	}
}

static json_t *presets_json(void)
{
	json_t *list = json_array();

	for (const struct trace_preset *at = trace_presets; at->name; at++)
		json_push(list, json_pack("{s:s, s:s}", "name", at->name, "summary", at->summary));
	return list;
}

/* --- the call ------------------------------------------------------------------------- */

struct wish {
	uint64_t duration_ns, pid;
	const char *comm, *stacks;
	int wants_json;
};

static json_t *make_args(const char *word, const struct wish *wish, struct error *err)
{
	json_t *args = word[0] == '{' ? json_parse(word, strlen(word), ARGS_MAX_BYTES, err)
				      : json_pack("{s:s}", "preset", word);

	if (!args)
		return NULL;
	if (wish->duration_ns)
		json_put(args, "duration_ms",
			 json_integer((json_int_t)(wish->duration_ns / NS_PER_MS)));
	if (wish->pid)
		json_put(args, "pid", json_integer((json_int_t)wish->pid));
	if (wish->comm)
		json_put(args, "comm", json_text(wish->comm, strlen(wish->comm)));
	if (wish->stacks)
		json_put(args, "stacks", json_text(wish->stacks, strlen(wish->stacks)));
	return args;
}

/* On a terminal the table so far is redrawn meanwhile; in a pipe, and as JSON, only the end counts.
 */
static int watch(struct cli *cli, const json_t *args, const struct wish *wish, json_t **result_out,
		 struct error *err)
{
	CLEANUP(text) char *text = json_canonical(args);
	CLEANUP(trace_live) struct trace_live live = { 0 };
	struct cli_call call = {
		.tool = "trace_kernel",
		.args = text,
		.n_args = strlen(text),
		.cli = cli,
	};

	if (isatty(STDERR_FILENO)) {
		page_add(&cli->err, STYLE_FAINT, "Watching the kernel ...");
		page_end(&cli->err);
	}
	if (!wish->wants_json && trace_live_init(&live, &cli->out)) {
		call.show = trace_live_handle;
		call.data = &live;
	}
	return cli_run_approved(cli, &call, result_out, err);
}

static int list_presets(struct cli *cli, const struct wish *wish)
{
	CLEANUP(json) json_t *list = presets_json();

	if (wish->wants_json)
		cli_print_json(list);
	else
		print_presets(&cli->out);
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *result = NULL;
	struct wish wish = { 0 };
	const struct option_row rows[] = {
		{ "--for", OPTION_DURATION, &wish.duration_ns },
		{ "--pid", OPTION_COUNT, &wish.pid },
		{ "--comm", OPTION_TEXT, &wish.comm },
		{ "--stacks", OPTION_TEXT, &wish.stacks },
		{ "--json", OPTION_SET, &wish.wants_json },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };
	CLEANUP(json) json_t *args = NULL;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n > 1)
		return command_misused(&command_trace);
	if (!words.n)
		return list_presets(cli, &wish);
	args = make_args(words.at[0], &wish, &err);
	if (!args || watch(cli, args, &wish, &result, &err) < 0)
		return command_failed(&err);
	if (wish.wants_json)
		cli_print_json(result);
	else
		trace_table_print(result, &cli->out);
	return EXIT_DONE;
}

const struct command command_trace = {
	.name = "trace",
	.usage = "[NAME | JSON] [--for 10s] [--pid N] [--comm NAME] [--stacks KIND] [--json]",
	.summary = "Watch events inside the kernel for a while: counts, latencies, tables",
	.help = "Without a name it lists the traces that have one. They end by themselves, change "
		"nothing\nand need root. --pid and --comm watch one process, or those of a name. "
		"JSON asks for a\ntrace of your own; docs/traces.md says how it is written. On a "
		"terminal the table so far\nis drawn anew every second.\n",
	.run = run,
};
