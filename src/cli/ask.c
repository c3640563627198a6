/* constable ask [QUESTION]: what is wrong with this host, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/investigator.h"
#include "cli/report.h"

#define DEFAULT_TIMEOUT_MS 120000
#define DEFAULT_SINCE_S 900

enum output {
	OUTPUT_TEXT,
	OUTPUT_JSON,
};

struct options {
	const char *question;
	const char *bundle_path;
	uint64_t since_s;
	uint64_t timeout_ms;
	enum output output;
};

/* "15m", "2h", "90s", "90"; 0 if it is none of these. */
static uint64_t parse_duration_s(const char *text)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*end)
		return n;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (end[0] == units[i].unit && !end[1] && n < UINT32_MAX)
			return n * units[i].seconds;
	return 0;
}

static int parse_valued(const char *name, const char *value, struct options *options)
{
	if (strcmp(name, "--since") == 0)
		options->since_s = parse_duration_s(value);
	else if (strcmp(name, "--timeout") == 0)
		options->timeout_ms = parse_duration_s(value) * 1000;
	else if (strcmp(name, "--save") == 0)
		options->bundle_path = value;
	else if (strcmp(name, "--engine") != 0 || strcmp(value, "builtin") != 0)
		return -EINVAL;
	return options->since_s && options->timeout_ms ? 0 : -EINVAL;
}

static int parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			options->output = OUTPUT_JSON;
		else if (strncmp(argv[i], "--", 2) != 0 && !options->question)
			options->question = argv[i];
		else if (i + 1 == argc || parse_valued(argv[i], argv[i + 1], options) < 0)
			return -EINVAL;
		else
			i++;
	}
	return 0;
}

static void show_progress(void *data UNUSED, const json_t *event)
{
	const char *type = json_get_text(event, "type", "");
	const json_t *what = json_object_get(event, "data");

	if (strcmp(type, "tool_start") == 0)
		(void)fprintf(stderr, "\r\033[Kreading %s",
			      json_get_text(what, "tool", "evidence"));
}

static int save_bundle(const struct investigation *investigation, const char *path,
		       struct error *err)
{
	if (!investigation->bundle)
		return error_set(err, -ENODATA, "the investigation left no case to save");
	if (json_dump_file(investigation->bundle, path, JSON_COMPACT | JSON_SORT_KEYS) < 0)
		return error_errno(err, "write the case to '%s'", path);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options options = { .since_s = DEFAULT_SINCE_S, .timeout_ms = DEFAULT_TIMEOUT_MS };
	CLEANUP(investigation) struct investigation investigation = { 0 };
	struct error err = { 0 };
	bool shows_progress = isatty(STDERR_FILENO);
	int r;

	if (parse(argc, argv, &options) < 0)
		return command_misused(&command_ask);
	investigation.question = options.question ? options.question : "";
	investigation.since_s = options.since_s;
	investigation.timeout_ms = options.timeout_ms;
	investigation.event = shows_progress ? show_progress : NULL;
	r = investigate(cli, &investigation, &err);
	if (shows_progress)
		(void)fprintf(stderr, "\r\033[K");
	if (r == 0 && options.bundle_path)
		r = save_bundle(&investigation, options.bundle_path, &err);
	if (r < 0)
		return command_failed(&err);
	if (options.output == OUTPUT_JSON)
		cli_print_json(investigation.report);
	else
		report_print(investigation.report, stdout);
	return EXIT_DONE;
}

const struct command command_ask = {
	.name = "ask",
	.usage = "[QUESTION] [--json] [--engine builtin] [--since 15m] [--timeout 120s] [--save "
		 "CASE]",
	.summary = "Find out what is wrong with this host, and prove it",
	.run = run,
};

static int run_up(struct cli *cli, int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--once") == 0)
		return run(cli, argc - 1, argv + 1);
	return argc == 1 ? run(cli, argc, argv) : command_misused(&command_up);
}

const struct command command_up = {
	.name = "up",
	.usage = "[--once QUESTION]",
	.summary = "Investigate this host once, with nothing to configure",
	.run = run_up,
};
