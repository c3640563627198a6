/* constable config: every key, its value and where that comes from; config import FILE. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/import.h"
#include "cli/settings.h"

/* Where the table leaves it open, what was found out. */
static const char *value_of(const struct cli *cli, const struct config_key *key)
{
	const char *text = config_get(cli->config, key->name)->text;

	if (*text)
		return text;
	if (strcmp(key->name, "state_dir") == 0)
		return cli->state;
	if (strcmp(key->name, "knowledge_dir") == 0)
		return cli->knowledge;
	if (strcmp(key->name, "skills_dir") == 0)
		return cli->skills;
	if (strcmp(key->name, "executables_dir") == 0)
		return cli->executables;
	return "";
}

static json_t *aliases_json(const struct config_key *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < CONFIG_MAX_ALIASES && key->aliases[i]; i++)
		json_push(list, json_string(key->aliases[i]));
	return list;
}

static json_t *key_json(const struct cli *cli, const struct config_key *key)
{
	const char *value = value_of(cli, key);

	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:s}", "key", key->name, "type",
			 config_type_name(key), "default", key->otherwise, "value",
			 json_text(value, strlen(value)), "source",
			 config_get(cli->config, key->name)->source, "variable", key->variable,
			 "aliases", aliases_json(key), "help", key->help);
}

static void print_key(const struct cli *cli, const struct config_key *key, struct page *page)
{
	const struct config_value *value = config_get(cli->config, key->name);
	const char *shown = value_of(cli, key);
	bool is_default = strcmp(value->source, "default") == 0;

	page_add(page, STYLE_NAME, "%-16s", key->name);
	page_add(page, is_default ? STYLE_PLAIN : STYLE_STRONG, "%s", *shown ? shown : "-");
	page_add(page, STYLE_FAINT, "  (%s)", value->source);
	page_end(page);
	page_to(page, 16);
	page_flow_format(page, STYLE_FAINT, 16, "%s [%s, %s", key->help, config_type_name(key),
			 key->variable);
	for (size_t i = 0; i < CONFIG_MAX_ALIASES && key->aliases[i]; i++)
		page_flow_format(page, STYLE_FAINT, 16, ", %s", key->aliases[i]);
	page_add(page, STYLE_FAINT, "]");
	page_end(page);
}

static int show(struct cli *cli, int wants_json)
{
	CLEANUP(json) json_t *list = json_array();

	for (const struct config_key *key = settings_keys; key->name; key++) {
		if (wants_json)
			json_push(list, key_json(cli, key));
		else
			print_key(cli, key, &cli->out);
	}
	if (wants_json) {
		cli_print_json(list);
		return EXIT_DONE;
	}
	page_end(&cli->out);
	page_flow_format(&cli->out, STYLE_FAINT, 0,
			 "File: %s; over it the variables, over them flags such as --state-dir DIR "
			 "before the command.",
			 settings_path());
	page_end(&cli->out);
	return EXIT_DONE;
}

/* Our file's text on standard output, so that nothing is written that was not looked at. */
static void print_imported(const char *path, const json_t *imported, struct cli *cli)
{
	json_t *taken = json_object_get(imported, "taken");
	const json_t *waiting = json_object_get(imported, "waiting");
	const char *key;
	json_t *value;
	const json_t *place;
	size_t i;

	page_add(&cli->out, STYLE_FAINT, "# from %s; for %s", path, settings_path());
	page_end(&cli->out);
	json_object_foreach(taken, key, value)
	{
		page_add(&cli->out, STYLE_PLAIN, "%s: %s", key, json_string_value(value));
		page_end(&cli->out);
	}
	(void)fflush(stdout);
	if (!json_array_size(waiting))
		return;
	page_flow(&cli->err, STYLE_WARN, 2,
		  "Nothing here follows these keys: the server decides what they say, or "
		  "'constable provision' settles it:");
	json_array_foreach(waiting, i, place)
	{
		page_flow_format(&cli->err, STYLE_PLAIN, 2, "%s %s", i ? "," : "",
				 json_string_value(place));
	}
	page_end(&cli->err);
}

static int import(struct cli *cli, const char *path, int wants_json)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *imported = import_file(path, settings_keys, &err);

	if (!imported)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(imported);
	else
		print_imported(path, imported, cli);
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n == 2 && strcmp(words.at[0], "import") == 0)
		return import(cli, words.at[1], wants_json);
	return words.n ? command_misused(&command_config) : show(cli, wants_json);
}

const struct command command_config = {
	.name = "config",
	.usage = "[--json]\n"
		 "import FILE [--json]",
	.summary = "Every setting: its value, where that comes from, what it does",
	.help = "'import' reads the configuration of vm-agent or nannyagent and prints ours:\n"
		"  constable config import /etc/nannyagent/config.yaml > "
		"/etc/constable/agent.yaml\n",
	.run = run,
	.state = COMMAND_WITHOUT_STATE,
};
