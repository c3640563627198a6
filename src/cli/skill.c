/* constable skill: how to go about a kind of problem, for a person to read and to check. */
#include "investigation/skill.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call/schema.h"
#include "cli/commands.h"

#define NAME_COLUMNS 22
#define CALL_MAX_BYTES (4 * KIB)

static int list(struct cli *cli, const struct skills *skills, int wants_json)
{
	CLEANUP(json) json_t *all = skills_list(skills);
	const json_t *skill;
	size_t i;

	if (wants_json) {
		cli_print_json(all);
		return EXIT_DONE;
	}
	json_array_foreach(all, i, skill)
	{
		page_add(&cli->out, STYLE_NAME, "%s", json_get_text(skill, "name", "?"));
		page_to(&cli->out, NAME_COLUMNS);
		page_flow(&cli->out, STYLE_PLAIN, NAME_COLUMNS,
			  json_get_text(skill, "description", ""));
		page_end(&cli->out);
	}
	return EXIT_DONE;
}

static void print_files(struct cli *cli, const struct skill *skill)
{
	const char *path;
	json_t *text;

	json_object_foreach(skill->files, path, text)
	{
		page_add(&cli->out, STYLE_FAINT, "more: constable skill show %s %s", skill->name,
			 path);
		page_end(&cli->out);
	}
}

static int show(struct cli *cli, const struct skills *skills, const struct words *words,
		int wants_json)
{
	const struct skill *skill = skills_find(skills, words->at[1]);
	struct error err = { 0 };
	const char *text;

	if (!skill) {
		error_set(&err, -ENOENT, "no skill '%s': see 'constable skill list'", words->at[1]);
		return command_failed(&err);
	}
	text = skill_file(skill, words->n > 2 ? words->at[2] : "", &err);
	if (!text)
		return command_failed(&err);
	if (wants_json) {
		CLEANUP(json)
		json_t *whole = json_pack("{s:O, s:s, s:O}", "matter", skill->matter, "body", text,
					  "files", skill->files);

		cli_print_json(whole);
		return EXIT_DONE;
	}
	page_lines(&cli->out, text);
	if (words->n < 3)
		print_files(cli, skill);
	return EXIT_DONE;
}

static const json_t *find_tool(const json_t *catalogue, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(catalogue, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return tool;
	}
	return NULL;
}

static int check_tools(const struct skill *skill, const json_t *catalogue, struct error *err)
{
	CLEANUP(json) json_t *names = skill_tools(skill);
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (!find_tool(catalogue, json_string_value(name)))
			return error_set(err, -EINVAL, "allowed-tools: there is no tool '%.64s'",
					 json_string_value(name));
	}
	return 0;
}

/* One `tool {"x": 1}` of a text: its tool exists and its arguments fit. */
static int check_call(const char *text, size_t len, const json_t *catalogue, struct error *err)
{
	const char *brace = memchr(text, '{', len);
	size_t n_name = (size_t)(brace - text) - 1, n_args = len - (size_t)(brace - text);
	CLEANUP(json) json_t *args = NULL;
	const json_t *tool;
	char name[80];

	(void)snprintf(name, sizeof(name), "%.*s", (int)(n_name < 79 ? n_name : 79), text);
	tool = find_tool(catalogue, name);
	if (!tool)
		return error_set(err, -EINVAL, "`%.*s`: there is no tool '%s'", (int)len, text,
				 name);
	args = json_parse(brace, n_args, CALL_MAX_BYTES, err);
	if (!args || schema_check(json_object_get(tool, "schema"), args, err) < 0)
		return error_wrap(err, "`%.*s`", (int)len, text);
	return 0;
}

/* Code that is a word of a tool's kind, a blank and an object. */
static bool is_call(const char *text, size_t len)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return n > 0 && n + 2 < len && text[n] == ' ' && text[n + 1] == '{';
}

static int check_calls(const char *text, const json_t *catalogue, struct error *err)
{
	const char *at = text;

	while ((at = strchr(at, '`'))) {
		const char *end = strpbrk(at + 1, "`\n");
		size_t len = end ? (size_t)(end - at) - 1 : 0;

		if (!end)
			break;
		if (*end == '`' && is_call(at + 1, len)) {
			int r = check_call(at + 1, len, catalogue, err);

			if (r < 0)
				return r;
		}
		at = end + 1;
	}
	return 0;
}

/* "(references/x.md)" and "`references/x.md`": where a body sends its reader. */
static int check_references(const struct skill *skill, struct error *err)
{
	const char *path;
	json_t *text;

	json_object_foreach(skill->files, path, text)
	{
		if (!strstr(skill->body, path))
			return error_set(err, -EINVAL, "SKILL.md does not mention its file '%s'",
					 path);
	}
	for (const char *at = skill->body; (at = strstr(at, "references/")); at++) {
		char named[200];
		size_t len = strcspn(at, " )`\n\"',");

		len -= len && at[len - 1] == '.'; /* of the sentence */
		(void)snprintf(named, sizeof(named), "%.*s", (int)(len < 199 ? len : 199), at);
		if (!json_object_get(skill->files, named))
			return error_set(err, -ENOENT, "SKILL.md mentions '%s', which is not there",
					 named);
	}
	return 0;
}

static int check_skill(const struct skill *skill, const json_t *catalogue, struct error *err)
{
	const char *path;
	json_t *text;
	int r = check_tools(skill, catalogue, err);

	if (r == 0)
		r = check_references(skill, err);
	if (r == 0)
		r = check_calls(skill->body, catalogue, err);
	json_object_foreach(skill->files, path, text)
	{
		if (r == 0)
			r = check_calls(json_string_value(text), catalogue, err);
	}
	return r < 0 ? error_wrap(err, "skill '%s'", skill->name) : 0;
}

static int check(struct cli *cli, const struct skills *skills)
{
	CLEANUP(json) json_t *catalogue = NULL;
	struct error err = { 0 };

	if (!skills->n) {
		error_set(&err, -ENOENT, "there is no skill: one is a folder with a SKILL.md");
		return command_failed(&err);
	}
	if (cli_request(cli, "tools", NULL, &catalogue, &err) < 0)
		return command_failed(&err);
	for (size_t i = 0; i < skills->n; i++)
		if (check_skill(&skills->items[i], catalogue, &err) < 0)
			return command_failed(&err);
	page_add(&cli->out, STYLE_GOOD, "%zu skills are well", skills->n);
	page_end(&cli->out);
	return EXIT_DONE;
}

static int act(struct cli *cli, const struct words *words, int wants_json)
{
	bool checks = strcmp(words->at[0], "check") == 0;
	const char *folder = checks && words->n == 2 ? words->at[1] : cli->skills;
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	if (skills_load(&skills, folder, &err) < 0)
		return command_failed(&err);
	if (checks && words->n <= 2)
		return check(cli, &skills);
	if (strcmp(words->at[0], "list") == 0 && words->n == 1)
		return list(cli, &skills, wants_json);
	if (strcmp(words->at[0], "show") == 0 && (words->n == 2 || words->n == 3))
		return show(cli, &skills, words, wants_json);
	return command_misused(&command_skill);
}

static int run(struct cli *cli, int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	return words.n ? act(cli, &words, wants_json) : command_misused(&command_skill);
}

const struct command command_skill = {
	.name = "skill",
	.usage = "list | show NAME [FILE] | check [DIR]  [--json]",
	.summary = "Read and check how to go about a kind of problem",
	.help = "A skill is a folder in the Agent Skills format: SKILL.md, and files it refers to. "
		"A model\n"
		"sees names and descriptions, and reads the rest when it needs it.\n\n"
		"  check     every skill of DIR, or of those installed: its front matter, that the "
		"files it\n"
		"            names are there, and that each `tool {...}` in it is a call that "
		"would "
		"pass\n",
	.run = run,
	.state = COMMAND_LOOKS_AT_STATE,
};
