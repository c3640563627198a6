/* constable eval DIR: how good an engine is, on investigations whose answer is known. */
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/eval/table.h"
#include "cli/eval/trial.h"
#include "investigation/score.h"

#define MODEL_TIMEOUT_NS (600 * NS_PER_SEC) /* of one host: models take their time */

struct options {
	struct trial_terms terms;
	struct words words;
	uint64_t least_percent;
	int wants_json;
};

static int read_options(const struct cli *cli, int argc, char **argv, struct options *options,
			struct error *err)
{
	const struct option_row rows[] = {
		{ "--json", OPTION_SET, &options->wants_json },
		{ "--engine", OPTION_TEXT, &options->terms.engine },
		{ "--timeout", OPTION_DURATION, &options->terms.timeout_ns },
		{ "--at-least", OPTION_COUNT, &options->least_percent },
		{ 0 },
	};
	int r;

	*options = (struct options) {
		.terms.engine = "builtin",
		.terms.timeout_ns = config_get_ns(cli->config, "timeout"),
	};
	r = option_read(rows, argc, argv, &options->words, err);
	if (r == 0 && options->least_percent > 100)
		r = error_set(err, -EINVAL, "--at-least is a percentage, at most 100");
	return r;
}

static json_t *run_all(struct cli *cli, const json_t *paths, const struct options *options,
		       struct error *err)
{
	json_t *scores = json_array();
	const json_t *path;
	size_t i;

	if (!options->wants_json)
		table_print_head(&cli->out);
	json_array_foreach(paths, i, path)
	{
		json_t *score = trial_run(cli, json_string_value(path), &options->terms, err);

		if (!score) {
			json_decref(scores);
			return NULL;
		}
		json_push(scores, score);
		if (!options->wants_json)
			table_print_score(score, &cli->out);
	}
	return scores;
}

static void show(struct cli *cli, const struct options *options, json_t *scores, json_t *total)
{
	CLEANUP(json) json_t *all = NULL;

	if (!options->wants_json) {
		table_print_total(total, &cli->out);
		return;
	}
	all = json_pack("{s:s, s:O, s:O}", "engine", options->terms.engine, "cases", scores,
			"total", total);
	cli_print_json(all);
}

/* A model has to know what it may ask: this host's catalogue describes the tools of a case. */
static int describe_tools(const struct cli *cli, struct options *options, json_t **catalogue_out,
			  struct error *err)
{
	int r;

	if (strcmp(options->terms.engine, "builtin") == 0)
		return 0;
	if (options->terms.timeout_ns < MODEL_TIMEOUT_NS)
		options->terms.timeout_ns = MODEL_TIMEOUT_NS;
	r = cli_request(cli, "tools", NULL, catalogue_out, err);
	options->terms.catalogue = *catalogue_out;
	return r;
}

static int evaluate(struct cli *cli, struct options *options)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *catalogue = NULL;
	CLEANUP(json) json_t *paths = trial_list(options->words.at[0], &err);
	CLEANUP(json) json_t *scores = NULL;
	CLEANUP(json) json_t *total = NULL;

	if (!paths)
		return command_failed(&err);
	if (!json_array_size(paths)) {
		error_set(&err, -ENOENT, "no case lies in '%s': they are named *.case.json",
			  options->words.at[0]);
		return command_failed(&err);
	}
	if (describe_tools(cli, options, &catalogue, &err) < 0)
		return command_failed(&err);
	scores = run_all(cli, paths, options, &err);
	if (!scores)
		return command_failed(&err);
	total = score_total(scores);
	show(cli, options, scores, total);
	return (uint64_t)json_get_int(total, "right", 0) * 100 <
			       options->least_percent * json_array_size(scores)
		       ? EXIT_FAILED
		       : EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options options;
	struct error err = { 0 };

	if (read_options(cli, argc, argv, &options, &err) < 0)
		return command_failed(&err);
	return options.words.n == 1 ? evaluate(cli, &options) : command_misused(&command_eval);
}

const struct command command_eval = {
	.name = "eval",
	.usage = "DIR [--engine builtin|MODEL] [--at-least PERCENT] [--timeout 120s] [--json]",
	.summary = "Score an engine on cases whose cause is known",
	.help = "DIR holds cases (*.case.json) with what is expected of each. Its question is "
		"asked "
		"anew;\n"
		"what was recorded answers in place of the host: no host is asked, and nothing is\n"
		"changed, whatever a model wants.\n\n"
		"  evidence      share of what decides the case that the proof cites\n"
		"  proven        share of claims whose quote stands in the evidence they cite\n"
		"  calls, ms     what it took; with a model also tokens and money\n",
	.run = run,
	.state = COMMAND_LOOKS_AT_STATE,
};
