/* constable program assign: for which hosts a signed program is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/program/program.h"
#include "remote/program_internal.h"

struct options {
	const char *hosts, *labels, *targets, *params, *lists;
	uint64_t percent, observe_ns, ttl_ns;
	int wants_json;
};

static int read_options(struct options *options, int argc, char **argv, struct words *words_out,
			struct error *err)
{
	const struct option_row rows[] = {
		{ "--hosts", OPTION_TEXT, &options->hosts },
		{ "--labels", OPTION_TEXT, &options->labels },
		{ "--targets", OPTION_TEXT, &options->targets },
		{ "--params", OPTION_TEXT, &options->params },
		{ "--lists", OPTION_TEXT, &options->lists },
		{ "--percent", OPTION_COUNT, &options->percent },
		{ "--observe", OPTION_DURATION, &options->observe_ns },
		{ "--ttl", OPTION_DURATION, &options->ttl_ns },
		{ "--json", OPTION_SET, &options->wants_json },
		{ 0 },
	};

	return option_read(rows, argc, argv, words_out, err);
}

static void add_words(json_t *body, const char *member, const char *text)
{
	CLEANUP(text) char *copy = text ? strdup(text) : NULL;
	json_t *list = json_array();
	char *rest = copy, *word;

	while ((word = strsep(&rest, ",")))
		if (*word)
			json_push(list, json_text(word, strlen(word)));
	if (text)
		json_put(body, member, list);
	else
		json_decref(list);
}

static int add_pairs(json_t *body, const char *member, const char *text, int wants_number,
		     struct error *err)
{
	json_t *pairs = text ? program_read_pairs(text, wants_number, err) : NULL;

	if (pairs)
		json_put(body, member, pairs);
	return text && !pairs ? err->code : 0;
}

static int add_lists(json_t *body, const char *text, struct error *err)
{
	json_t *lists = text ? program_read_lists(text, err) : NULL;

	if (lists)
		json_put(body, "lists", lists);
	return text && !lists ? err->code : 0;
}

static void add_seconds(json_t *body, const char *member, uint64_t ns)
{
	if (ns)
		json_put(body, member, json_integer((json_int_t)(ns / NS_PER_SEC)));
}

static int make_body(const struct options *options, json_t *body, struct error *err)
{
	add_words(body, "hosts", options->hosts);
	if (options->percent)
		json_put(body, "percent", json_integer((json_int_t)options->percent));
	add_seconds(body, "observe_sec", options->observe_ns);
	add_seconds(body, "ttl_sec", options->ttl_ns);
	if (add_pairs(body, "labels", options->labels, 0, err) < 0 ||
	    add_pairs(body, "targets", options->targets, 0, err) < 0 ||
	    add_pairs(body, "parameters", options->params, 1, err) < 0 ||
	    add_lists(body, options->lists, err) < 0)
		return err->code;
	if (!options->hosts && !options->labels)
		return error_set(err, -EINVAL,
				 "say for which hosts it is: --hosts 'web-*' or --labels role=web");
	return 0;
}

int program_assign(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *artifact = NULL;
	CLEANUP(json) json_t *body = json_object();
	struct options options = { 0 };
	struct words words;
	struct error err = { 0 };

	if (read_options(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_program);
	if (make_body(&options, body, &err) < 0 || server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	artifact = program_find(&server, words.at[0], false, &err);
	return artifact ? program_post(cli, &server, artifact, "assign", json_incref(body),
				       options.wants_json)
			: command_failed(&err);
}
