/* constable tools [NAME]: the catalogue, by area; one tool's arguments and result as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"

#define NAME_COLUMNS 28
#define MAX_DEPTH 8

static enum style risk_style(const char *risk)
{
	if (strcmp(risk, "changes") == 0)
		return STYLE_BAD;
	return strcmp(risk, "traces") == 0 ? STYLE_WARN : STYLE_GOOD;
}

static void print_line(const json_t *tool, struct page *page)
{
	const char *risk = json_get_text(tool, "risk", "");

	page_add(page, STYLE_NAME, "  %s", json_get_text(tool, "name", ""));
	page_to(page, NAME_COLUMNS);
	page_add(page, risk_style(risk), "%-8s", risk);
	page_flow(page, STYLE_PLAIN, NAME_COLUMNS + 8, json_get_text(tool, "summary", ""));
	page_end(page);
}

/* The first area of the catalogue that comes after 'area', or NULL. */
static const char *next_area(const json_t *tools, const char *area)
{
	const char *next = NULL;
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		const char *here = json_get_text(tool, "area", "other");

		if ((!area || strcmp(here, area) > 0) && (!next || strcmp(here, next) < 0))
			next = here;
	}
	return next;
}

static void print_catalogue(const json_t *tools, struct page *page)
{
	const char *area = NULL;
	const json_t *tool;
	size_t i;

	while ((area = next_area(tools, area))) {
		page_add(page, STYLE_STRONG, "%s", area);
		page_end(page);
		json_array_foreach(tools, i, tool)
		{
			if (strcmp(json_get_text(tool, "area", "other"), area) == 0)
				print_line(tool, page);
		}
	}
}

static bool is_required(const json_t *schema, const char *key)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (json_is_string(name) && strcmp(json_string_value(name), key) == 0)
			return true;
	}
	return false;
}

static void print_argument(const json_t *schema, const char *key, const json_t *property,
			   struct page *page)
{
	const json_t *otherwise = json_object_get(property, "default");
	CLEANUP(text) char *text = otherwise ? json_dumps(otherwise, JSON_ENCODE_ANY) : NULL;
	char type[256];

	arguments_describe(property, type, sizeof(type));
	page_add(page, STYLE_NAME, "  %s", key);
	page_to(page, NAME_COLUMNS - 8);
	page_flow(page, STYLE_PLAIN, NAME_COLUMNS, type);
	if (text)
		page_flow_format(page, STYLE_FAINT, NAME_COLUMNS, ", %s unless given", text);
	if (is_required(schema, key))
		page_flow(page, STYLE_WARN, NAME_COLUMNS, " (required)");
	page_end(page);
	if (!json_object_get(property, "description"))
		return;
	page_to(page, NAME_COLUMNS - 8);
	page_flow(page, STYLE_FAINT, NAME_COLUMNS - 8, json_get_text(property, "description", ""));
	page_end(page);
}

/* The members of an object, and below each its own; of a list, those of its items. */
static void print_members(const json_t *schema, unsigned depth, struct page *page)
{
	const json_t *object = json_object_get(schema, "items");
	const char *key;
	json_t *property;

	object = object ? object : schema;
	json_object_foreach(json_object_get(object, "properties"), key, property)
	{
		char type[256];

		arguments_describe(property, type, sizeof(type));
		page_to(page, 2 + 2 * depth);
		page_add(page, STYLE_NAME, "%s", key);
		if (!is_required(object, key))
			page_add(page, STYLE_FAINT, "?");
		page_to(page, NAME_COLUMNS);
		page_flow(page, STYLE_PLAIN, NAME_COLUMNS, *type ? type : "anything");
		page_end(page);
		if (depth < MAX_DEPTH)
			print_members(property, depth + 1, page);
	}
}

static void print_tool(const json_t *tool, struct page *page)
{
	json_t *schema = json_object_get(tool, "schema");
	json_t *properties = json_object_get(schema, "properties");
	const char *risk = json_get_text(tool, "risk", "");
	const char *key;
	json_t *property;

	page_add(page, STYLE_STRONG, "%s", json_get_text(tool, "name", ""));
	page_add(page, risk_style(risk), "  %s", risk);
	page_end(page);
	page_flow(page, STYLE_PLAIN, 0, json_get_text(tool, "summary", ""));
	page_end(page);
	page_title(page, json_object_size(properties) ? "Arguments" : "It takes no arguments.");
	json_object_foreach(properties, key, property)
	{
		print_argument(schema, key, property, page);
	}
	if (!json_object_get(tool, "output_schema"))
		return; /* an agent of before */
	page_title(page, "Result");
	print_members(json_object_get(tool, "output_schema"), 0, page);
}

static int show_one(struct cli *cli, const json_t *tools, const char *name, int wants_json)
{
	const json_t *tool;
	struct error err = { 0 };
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) != 0)
			continue;
		if (wants_json)
			cli_print_json(tool);
		else
			print_tool(tool, &cli->out);
		return EXIT_DONE;
	}
	error_set(&err, -ENOENT, "no tool named '%s'; 'constable tools' lists them", name);
	return command_failed(&err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *tools = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n > 1)
		return command_misused(&command_tools);
	if (cli_request(cli, "tools", NULL, &tools, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return show_one(cli, tools, words.at[0], wants_json);
	if (wants_json)
		cli_print_json(tools);
	else
		print_catalogue(tools, &cli->out);
	return EXIT_DONE;
}

const struct command command_tools = {
	.name = "tools",
	.usage = "[TOOL] [--json]",
	.summary = "List the tools, or what one of them takes and gives",
	.run = run,
};
