/* constable logs PATH: errors, warnings, patterns and bursts of a log file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/terminal/amount.h"
#include "cli/terminal/chart.h"

#define TEXT_COLUMN 10
#define BURST_CELLS 24
#define SHOWN_RECENT 5

static void print_head(const json_t *result, struct page *page)
{
	const json_t *summary = json_object_get(result, "summary");
	int64_t n_errors = json_get_int(summary, "error_count", 0);
	int64_t n_warnings = json_get_int(summary, "warning_count", 0);
	char size[AMOUNT_TEXT_BYTES];

	page_add(page, STYLE_STRONG, "%s", json_get_text(result, "path", ""));
	page_add(page, STYLE_FAINT, "  %s, %lld lines read",
		 amount_bytes(json_get_number(result, "bytes", 0), size),
		 (long long)json_get_int(result, "n_lines", 0));
	page_end(page);
	page_add(page, n_errors ? STYLE_BAD : STYLE_GOOD, "%lld errors", (long long)n_errors);
	page_add(page, n_warnings ? STYLE_WARN : STYLE_GOOD, "  %lld warnings",
		 (long long)n_warnings);
	if (json_is_string(json_object_get(result, "first_time")))
		page_add(page, STYLE_FAINT, "  from %s to %s",
			 json_get_text(result, "first_time", ""),
			 json_get_text(result, "last_time", ""));
	page_end(page);
}

static void add_ago(double seconds, struct page *page)
{
	char text[DURATION_TEXT_BYTES];

	if (seconds >= 0 && seconds < DURATION_MAX_NS / (double)NS_PER_SEC)
		page_add(page, STYLE_FAINT, "  %s ago",
			 duration_to_text((uint64_t)(seconds * NS_PER_SEC), text));
}

static void print_groups(const json_t *result, const char *key, const char *title, enum style style,
			 struct page *page)
{
	const json_t *list = json_object_get(result, key);
	const json_t *group;
	size_t i;

	if (!json_array_size(list))
		return;
	page_title(page, title);
	json_array_foreach(list, i, group)
	{
		bool is_pattern = strcmp(key, "patterns") == 0;

		page_add(page, style, "%7lldx ", (long long)json_get_int(group, "count", 1));
		page_to(page, TEXT_COLUMN);
		page_flow(page, STYLE_PLAIN, TEXT_COLUMN,
			  json_get_text(group, is_pattern ? "pattern" : "text", ""));
		if (!is_pattern)
			add_ago(json_get_number(group, "seconds_ago", -1), page);
		page_end(page);
	}
}

static double most(const json_t *list, const char *key)
{
	const json_t *item;
	double max = 0;
	size_t i;

	json_array_foreach(list, i, item)
	{
		double value = json_get_number(item, key, 0);

		max = value > max ? value : max;
	}
	return max;
}

static void print_bursts(const json_t *result, struct page *page)
{
	const json_t *list = json_object_get(result, "bursts");
	double max = most(list, "n_lines");
	const json_t *burst;
	size_t i;

	if (!json_array_size(list) || max <= 0)
		return;
	page_title(page, "Bursts");
	json_array_foreach(list, i, burst)
	{
		double n = json_get_number(burst, "n_lines", 0);

		page_add(page, STYLE_WARN, "%8.0f lines ", n);
		chart_bar(page, STYLE_WARN, 100 * n / max, BURST_CELLS);
		add_ago(json_get_number(burst, "seconds_ago", -1), page);
		page_end(page);
	}
}

static void print_recent(const json_t *result, struct page *page)
{
	const json_t *list = json_object_get(result, "recent");
	size_t n = json_array_size(list);

	if (!n)
		return;
	page_title(page, "Last lines");
	for (size_t i = n > SHOWN_RECENT ? n - SHOWN_RECENT : 0; i < n; i++) {
		const json_t *line = json_array_get(list, i);

		page_to(page, 2);
		page_flow(page, STYLE_FAINT, 4,
			  json_is_string(line) ? json_string_value(line)
					       : json_get_text(line, "text", ""));
		page_end(page);
	}
}

static void print_analysis(const json_t *result, struct page *page)
{
	print_head(result, page);
	print_groups(result, "errors", "Errors", STYLE_BAD, page);
	print_groups(result, "warnings", "Warnings", STYLE_WARN, page);
	print_groups(result, "patterns", "What recurs", STYLE_NAME, page);
	print_bursts(result, page);
	print_recent(result, page);
}

/* An absolute path: the tool runs elsewhere. Heap text. */
static char *find_path(const char *word)
{
	char *path = realpath(word, NULL);

	if (!path)
		path = strdup(word); /* the tool says what is wrong with it */
	if (!path)
		abort();
	return path;
}

static int run(struct cli *cli, int argc, char **argv)
{
	uint64_t n_lines = config_get_count(cli->config, "log_lines");
	uint64_t since_ns = 0;
	CLEANUP(json) json_t *result = NULL;
	CLEANUP(text) char *path = NULL;
	int wants_json = 0;
	const struct option_row rows[] = {
		{ "--lines", OPTION_COUNT, &n_lines },
		{ "--since", OPTION_DURATION, &since_ns },
		{ "--json", OPTION_SET, &wants_json },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };
	json_t *args;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_logs);
	path = find_path(words.at[0]);
	args = json_pack("{s:o}", "path", json_text(path, strlen(path)));
	if (since_ns)
		json_put(args, "since_s",
			 json_integer((json_int_t)((since_ns + NS_PER_SEC - 1) / NS_PER_SEC)));
	else
		json_put(args, "lines", json_integer((json_int_t)(n_lines ? n_lines : 1)));
	if (cli_run_tool(cli, "analyze_log_file", args, &result, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(result);
	else
		print_analysis(result, &cli->out);
	return EXIT_DONE;
}

const struct command command_logs = {
	.name = "logs",
	.usage = "PATH [--lines 1000 | --since 15m] [--json]",
	.summary = "What a log file says: errors, warnings, patterns, bursts",
	.help = "Reads the last lines, or those of the last minutes; rotated and compressed files "
		"too.\n",
	.run = run,
};
