#include "remote/mcp_rows.h"

#include <string.h>

#include "cli/fleet.h"
#include "remote/listing.h"

void mcp_print_fact(struct page *page, const char *label, const char *text)
{
	if (!*text)
		return;
	page_add(page, STYLE_FAINT, "  %s: ", label);
	page_add(page, STYLE_PLAIN, "%s", text);
	page_end(page);
}

int mcp_rows_run(struct cli *cli, int argc, char **argv, const struct mcp_rows *kind)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *list = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };
	const json_t *row;
	size_t i;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n > 1)
		return command_misused(&command_mcp_server);
	if (server_open(&server, cli, &err) < 0 ||
	    server_list(&server, kind->path, kind->member, &list, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(list);
		return EXIT_DONE;
	}
	json_array_foreach(list, i, row)
	{
		if (!words.n || strcmp(json_get_text(row, "id", ""), words.at[0]) == 0)
			kind->print(&cli->out, row);
	}
	if (!json_array_size(list)) {
		page_add(&cli->out, STYLE_PLAIN, "%s", kind->none);
		page_end(&cli->out);
	}
	return EXIT_DONE;
}
