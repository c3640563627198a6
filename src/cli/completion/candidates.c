#include "cli/completion/candidates.h"

#include <ctype.h>
#include <string.h>

#include "cli/completion/values.h"
#include "cli/option_help.h"
#include "cli/settings.h"
#include "cli/usage.h"

#define WORD_BYTES 128

/* The command line as far as it was understood. */
struct line {
	struct candidates *candidates;
	const struct command *command;
	const char *verb;   /* or "" */
	const char *before; /* the last whole word, or "" */
	const char *first;  /* the first word behind the command that is no option, or NULL */
	unsigned place;     /* how many words stand behind command and verb */
	int n;
	char **words; /* behind the command */
};

void candidates_add(struct candidates *candidates, const char *word, const char *description)
{
	if (strncmp(word, candidates->typed, strlen(candidates->typed)) == 0)
		candidates->add(candidates, word, description);
}

static const struct config_key *find_setting(const char *word)
{
	char flag[CONFIG_FLAG_BYTES];

	for (const struct config_key *key = settings_keys; key->name; key++) {
		config_flag_name(key, flag);
		if (strcmp(flag, word) == 0)
			return key;
	}
	return NULL;
}

static void add_settings(struct candidates *candidates)
{
	char flag[CONFIG_FLAG_BYTES];

	for (const struct config_key *key = settings_keys; key->name; key++) {
		config_flag_name(key, flag);
		candidates_add(candidates, flag, key->help);
	}
}

static void add_commands(struct candidates *candidates)
{
	if (*candidates->typed == '-')
		add_settings(candidates);
	for (const struct command *const *at = commands; *at; at++)
		candidates_add(candidates, (*at)->name, (*at)->summary);
}

/* Whether it is the form that is being typed; the one without a verb fits before any. */
static bool fits(const struct usage_form *form, const char *verb)
{
	return *verb ? usage_has(form->verb, verb) : !form->verb.len;
}

/* The option of that name, or NULL. */
static const struct usage_item *find_option(const struct usage_form *form, const char *name)
{
	for (unsigned i = 0; *name && i < form->n; i++)
		if (str_is(form->items[i].option, name))
			return &form->items[i];
	return NULL;
}

static bool takes_value(const struct line *line, const char *option)
{
	const char *at = line->command->usage;
	const struct usage_item *item;
	struct usage_form form;

	while (usage_next(&at, &form)) {
		item = find_option(&form, option);
		if (item)
			return item->value.len > 0;
	}
	return false;
}

static bool is_verb(const struct command *command, const char *word)
{
	const char *at = command->usage;
	struct usage_form form;

	while (usage_next(&at, &form))
		if (usage_has(form.verb, word))
			return true;
	return false;
}

static bool was_given(const struct line *line, struct str option)
{
	for (int i = 0; i + 1 < line->n; i++)
		if (str_is(option, line->words[i]))
			return true;
	return false;
}

static void add_option(const struct line *line, struct str option)
{
	char word[WORD_BYTES];

	str_copy(option, word, sizeof(word));
	if (!was_given(line, option))
		candidates_add(line->candidates, word, option_help_find(word, line->command->name));
}

static void add_item(const struct line *line, const struct values_place *place,
		     const struct usage_item *item)
{
	if (item->option.len) {
		if (*line->candidates->typed == '-')
			add_option(line, item->option);
		return;
	}
	if (*line->candidates->typed != '-' &&
	    (item->place == line->place || (item->repeats && item->place < line->place)))
		values_add(line->candidates, place, item->value);
}

static void add_form(const struct line *line, const struct usage_form *form)
{
	const struct usage_item *option = find_option(form, line->before);
	const struct values_place place = {
		.command = line->command->name,
		.verb = line->verb,
		.tool = line->first,
		.has_list = is_verb(line->command, "list"),
	};

	if (option && option->value.len) {
		values_add(line->candidates, &place, option->value);
		return;
	}
	for (unsigned i = 0; i < form->n; i++)
		add_item(line, &place, &form->items[i]);
}

static void add_verbs(const struct line *line, struct str verbs)
{
	struct str one;

	while (usage_choice(&verbs, &one)) {
		char word[WORD_BYTES];

		str_copy(one, word, sizeof(word));
		candidates_add(line->candidates, word, "");
	}
}

/* Everything but the last word. */
static void understand(struct line *line)
{
	for (int i = 0; i + 1 < line->n; i++) {
		const char *word = line->words[i];

		line->before = word;
		if (*word == '-') {
			const char *equals = strchr(word, '=');

			if (!equals && i + 2 < line->n &&
			    (takes_value(line, word) || find_setting(word)))
				line->before = line->words[++i];
		} else if (!*line->verb && !line->place && is_verb(line->command, word)) {
			line->verb = word;
		} else {
			line->first = line->first ? line->first : word;
			line->place++;
		}
	}
}

static void add_for_command(struct line *line)
{
	const char *at = line->command->usage;
	const struct config_key *setting;
	struct usage_form form;

	understand(line);
	setting = find_setting(line->before);
	if (setting && !takes_value(line, line->before)) {
		values_add_setting(line->candidates, setting);
		return;
	}
	while (usage_next(&at, &form)) {
		if (!*line->verb && !line->place && *line->candidates->typed != '-')
			add_verbs(line, form.verb);
		if (fits(&form, line->verb))
			add_form(line, &form);
	}
}

void candidates_find(struct candidates *candidates, int n, char **words)
{
	struct line line = { .candidates = candidates, .verb = "", .before = "" };
	const struct config_key *setting = NULL;
	int at = 0;

	candidates->typed = n ? words[n - 1] : "";
	for (; at + 1 < n && words[at][0] == '-'; at++) {
		setting = find_setting(words[at]);
		if (setting && ++at + 1 >= n) {
			values_add_setting(candidates, setting);
			return;
		}
	}
	if (at + 1 >= n) {
		add_commands(candidates);
		return;
	}
	line.command = command_find(words[at]);
	line.n = n - at - 1;
	line.words = words + at + 1;
	if (line.command)
		add_for_command(&line);
}
