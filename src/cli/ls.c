/* constable ls PATH: a directory, through the gate. */
#include <stdio.h>
#include <string.h>

#include "cli/call.h"
#include "cli/commands.h"
#include "cli/terminal/amount.h"

static enum style style_of(const char *type)
{
	if (strcmp(type, "directory") == 0)
		return STYLE_NAME;
	return strcmp(type, "symlink") == 0 || strcmp(type, "link") == 0 ? STYLE_WARN : STYLE_PLAIN;
}

static void print_entry(const json_t *entry, struct page *page)
{
	const char *type = json_get_text(entry, "type", "?");
	const char *target = json_get_text(entry, "target", NULL);
	const char *modified = json_get_text(entry, "modified", "");
	bool is_file = strcmp(type, "file") == 0;
	char size[AMOUNT_TEXT_BYTES];

	page_add(page, STYLE_FAINT, "%-10s ", json_get_text(entry, "permissions", type));
	page_add(page, STYLE_FAINT, "%-10s ", json_get_text(entry, "owner", ""));
	page_add(page, STYLE_PLAIN, "%9s  ",
		 is_file ? amount_bytes(json_get_number(entry, "size_bytes", 0), size) : "-");
	page_add(page, STYLE_FAINT, "%-16.16s  ", modified);
	page_add(page, style_of(type), "%s%s", json_get_text(entry, "name", "?"),
		 strcmp(type, "directory") == 0 ? "/" : "");
	if (target)
		page_add(page, STYLE_FAINT, " -> %s", target);
	page_end(page);
}

static void print_listing(const json_t *result, struct page *page)
{
	const json_t *entries = json_object_get(result, "entries");
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		print_entry(entry, page);
	}
	if (!json_get_bool(result, "truncated", false))
		return;
	page_add(page, STYLE_WARN, "There are more than these %zu.", json_array_size(entries));
	page_end(page);
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *result = NULL;
	char folder[4096];
	const char *path = NULL;
	int wants_json = 0;
	const struct option_row rows[] = {
		{ "--path", OPTION_TEXT, &path },
		{ "--json", OPTION_SET, &wants_json },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n > 1 || (words.n && path))
		return command_misused(&command_ls);
	if (words.n)
		path = words.at[0];
	/* The tool runs elsewhere: only here does "." mean what the person means. */
	if ((!path || path[0] != '/') && realpath(path ? path : ".", folder))
		path = folder;
	if (cli_run_tool(cli, "list_directory",
			 json_pack("{s:o}", "path",
				   json_text(path ? path : ".", strlen(path ? path : "."))),
			 &result, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(result);
	else
		print_listing(result, &cli->out);
	return EXIT_DONE;
}

const struct command command_ls = {
	.name = "ls",
	.usage = "[PATH | --path PATH] [--json]",
	.summary = "List a directory through the gate",
	.run = run,
};
