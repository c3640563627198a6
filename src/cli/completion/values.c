#include "cli/completion/values.h"

#include <ctype.h>
#include <string.h>

#include "cli/completion/names.h"
#include "cli/usage.h"
#include "tools/catalogue.h"

#define WORD_BYTES 128

/* What a placeholder asks the shell for. */
static const struct {
	const char *placeholder;
	enum candidates_also also;
} places[] = {
	{ "PATH", CANDIDATES_FILES },
	{ "FILE", CANDIDATES_FILES },
	{ "CASE", CANDIDATES_FILES },
	{ "DIR", CANDIDATES_FOLDERS },
};

/* What a placeholder means wherever it stands, by the command whose list knows. */
static const struct {
	const char *placeholder, *command;
} lists[] = {
	{ "H", "agent" },           { "H,...", "agent" },
	{ "I,...", "integration" }, { "S", "service" },
	{ "S,...", "service" },     { "CASE", "case" },
	{ "T", "investigation" },   { "DESTINATION,...", "destination" },
};

static void add_tools(struct candidates *candidates)
{
	for (const struct tool_info *tool = catalogue; tool->name; tool++)
		candidates_add(candidates, tool->name, tool->summary);
}

static void add_arguments(struct candidates *candidates, const char *name)
{
	const struct tool_info *tool = name ? catalogue_find(catalogue, name) : NULL;
	CLEANUP(json) json_t *schema = tool ? json_loads(tool->schema, 0, NULL) : NULL;
	const char *key;
	json_t *property;

	json_object_foreach(json_object_get(schema, "properties"), key, property)
	{
		char word[WORD_BYTES];

		text_format(word, sizeof(word), "%s=", key);
		candidates_add(candidates, word, json_get_text(property, "description", ""));
	}
}

/* "a|b" are themselves; what is in capitals is looked up. */
static void add_choice(struct candidates *candidates, const struct values_place *place,
		       struct str one)
{
	bool is_new = strcmp(place->verb, "create") == 0 || strcmp(place->verb, "add") == 0;
	char word[WORD_BYTES];

	str_copy(one, word, sizeof(word));
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (strcmp(places[i].placeholder, word) == 0)
			candidates->also = places[i].also;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i].placeholder, word) == 0)
			names_add(candidates, lists[i].command);
	if (strcmp(word, "TOOL") == 0)
		add_tools(candidates);
	else if (strcmp(word, "COMMAND") == 0 && strcmp(place->command, "help") == 0)
		for (const struct command *const *at = commands; *at; at++)
			candidates_add(candidates, (*at)->name, (*at)->summary);
	else if (strcmp(word, "KEY=VALUE") == 0 && place->tool)
		add_arguments(candidates, place->tool);
	else if (place->has_list && !is_new &&
		 (strcmp(word, "NAME") == 0 || strcmp(word, "ID") == 0 ||
		  strcmp(word, "NUMBER") == 0))
		names_add(candidates, place->command);
	else if (islower((unsigned char)*word) && !strstr(word, "..."))
		candidates_add(candidates, word, "");
}

void values_add(struct candidates *candidates, const struct values_place *place,
		struct str placeholder)
{
	struct str one;

	while (usage_choice(&placeholder, &one))
		add_choice(candidates, place, one);
}

void values_add_setting(struct candidates *candidates, const struct config_key *key)
{
	struct str choices = { key->choices, key->choices ? strlen(key->choices) : 0 }, one;

	while (usage_choice(&choices, &one)) {
		char word[WORD_BYTES];

		str_copy(one, word, sizeof(word));
		candidates_add(candidates, word, "");
	}
	if (key->type == CONFIG_PATH)
		candidates->also = CANDIDATES_FILES;
	if (strcmp(key->name, "host") == 0)
		names_add(candidates, "agent");
}
