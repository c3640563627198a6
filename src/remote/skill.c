/* constable skill of the org: its own skills, which the server keeps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fleet.h"
#include "investigation/skill.h"
#include "remote/commands.h"
#include "remote/document.h"
#include "remote/listing.h"

#define SKILLS "/api/v1/skills"

struct skill_options {
	int is_org, wants_json;
};

static int read_options(struct skill_options *options, int argc, char **argv,
			struct words *words_out, struct error *err)
{
	const struct option_row rows[] = { { "--org", OPTION_SET, &options->is_org },
					   { "--json", OPTION_SET, &options->wants_json },
					   { 0 } };

	return option_read(rows, argc, argv, words_out, err);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "NAME", "name" },
		{ "FILES", "n_files" },
		{ "BYTES", "n_bytes" },
		{ "CHANGED", "changed" },
		{ "BY", "changed_by" },
		{ "DESCRIPTION", "description" },
		{ 0 },
	};
	static const struct listing skills = {
		.path = SKILLS,
		.name = "skills",
		.columns = columns,
		.empty = "The org has no skill of its own; 'constable skill set DIR' makes one.",
	};
	struct skill_options options = { 0 };
	struct words words;
	struct error err = { 0 };

	if (read_options(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	return words.n ? command_misused(&command_skill)
		       : listing_print(cli, &skills, options.wants_json);
}

static void print_files(struct cli *cli, const char *name, json_t *files)
{
	const char *path;
	json_t *text;

	json_object_foreach(files, path, text)
	{
		if (strcmp(path, "SKILL.md") == 0)
			continue;
		page_add(&cli->out, STYLE_FAINT, "more: constable skill show %s %s --org", name,
			 path);
		page_end(&cli->out);
	}
}

static int print_one(struct cli *cli, const json_t *document, const struct words *words)
{
	const char *path = words->n > 1 ? words->at[1] : "SKILL.md";
	json_t *files = json_object_get(document, "files");
	const char *text = json_get_text(files, path, NULL);
	struct error err = { 0 };

	if (!text) {
		error_set(&err, -ENOENT, "the skill '%s' has no file '%.100s'", words->at[0], path);
		return command_failed(&err);
	}
	page_lines(&cli->out, text);
	if (words->n == 1)
		print_files(cli, words->at[0], files);
	return EXIT_DONE;
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *document = NULL;
	struct skill_options options = { 0 };
	char path[DOCUMENT_PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (read_options(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 1 || words.n > 2)
		return command_misused(&command_skill);
	if (server_open(&server, cli, &err) < 0 ||
	    server_get(&server, document_path(SKILLS, words.at[0], path), &document, &err) < 0)
		return command_failed(&err);
	if (!options.wants_json)
		return print_one(cli, document, &words);
	cli_print_json(document);
	return EXIT_DONE;
}

/* The folder has the skill's name, as the format wants it. */
static json_t *read_folder(const char *folder, struct error *err)
{
	CLEANUP(text) char *path = realpath(folder, NULL);
	json_t *files = NULL;
	const char *name;

	if (!path) {
		error_errno(err, "%s", folder);
		return NULL;
	}
	if (skill_read_folder(path, &files, err) < 0)
		return NULL;
	name = strrchr(path, '/') + 1;
	return json_pack("{s:o, s:o}", "name", json_text(name, strlen(name)), "files", files);
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	if (argc != 2)
		return command_misused(&command_skill);
	document = read_folder(argv[1], &err);
	if (!document || server_open(&server, cli, &err) < 0 ||
	    document_save(&server, SKILLS, document, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_NAME, "%s", json_get_text(answer, "name", ""));
	page_add(&cli->out, STYLE_PLAIN, " is saved: the org's next investigations know it.");
	page_end(&cli->out);
	return EXIT_DONE;
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	if (argc != 2)
		return command_misused(&command_skill);
	return document_remove(cli, SKILLS, argv[1]);
}

int remote_skill(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list },
		{ "show", run_show },
		{ "set", run_set },
		{ "remove", run_remove },
		{ 0 },
	};

	return verb_run(&command_skill, verbs, cli, argc, argv);
}
