/* constable skill of this host: how to go about a kind of problem, to be read and checked. */
#include "investigation/skill.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call/hash.h"
#include "cli/commands.h"
#include "cli/fleet.h"
#include "investigation/skill_check.h"

#define NAME_COLUMNS 22

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
		if (json_get_bool(skill, "own", false))
			page_add(&cli->out, STYLE_FAINT, "(own) ");
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
		struct error err = { 0 };
		const char *script = skill_script(skill, path, &err);
		char sha256[HASH_TEXT_BYTES];

		page_add(&cli->out, STYLE_FAINT, "more: constable skill show %s %s", skill->name,
			 path);
		page_end(&cli->out);
		if (!script)
			continue;
		page_add(&cli->out, STYLE_FAINT, "      a policy knows it as scripts %s",
			 hash_text(script, strlen(script), sha256));
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
		if (skill_check(&skills->items[i], catalogue, &err) < 0)
			return command_failed(&err);
	page_add(&cli->out, STYLE_GOOD, "%zu skills are well", skills->n);
	page_end(&cli->out);
	return EXIT_DONE;
}

/* Those installed, and this host's own in their place or beside them. */
static int load(const struct cli *cli, struct skills *skills, struct error *err)
{
	CLEANUP(json) json_t *own = NULL;
	CLEANUP(json) json_t *joined = NULL;
	const json_t *wrong;

	if (skills_load(skills, cli->skills, err) < 0 ||
	    skills_read(config_get(cli->config, "own_skills_dir")->text, &own, err) < 0)
		return err->code;
	joined = skills_join(skills, own);
	wrong = json_array_get(json_object_get(joined, "left_out"), 0);
	return wrong ? error_set(err, -EBADMSG, "skill '%s': %s", json_get_text(wrong, "name", ""),
				 json_get_text(wrong, "why", ""))
		     : 0;
}

int skill_here(struct cli *cli, int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	CLEANUP(skills) struct skills skills = { 0 };
	struct words words;
	struct error err = { 0 };
	bool checks;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_skill);
	checks = strcmp(words.at[0], "check") == 0;
	if ((checks && words.n == 2 ? skills_load(&skills, words.at[1], &err)
				    : load(cli, &skills, &err)) < 0)
		return command_failed(&err);
	if (checks && words.n <= 2)
		return check(cli, &skills);
	if (strcmp(words.at[0], "list") == 0 && words.n == 1)
		return list(cli, &skills, wants_json);
	if (strcmp(words.at[0], "show") == 0 && (words.n == 2 || words.n == 3))
		return show(cli, &skills, &words, wants_json);
	return command_misused(&command_skill);
}
