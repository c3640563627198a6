/* What of MCP servers waits for people: calls, and questions, each as a list with [ID] and --json.
 */
#pragma once

#include "base/json.h"
#include "cli/command.h"
#include "cli/terminal/page.h"

struct mcp_rows {
	const char *path, *member; /* of the server's answer */
	void (*print)(struct page *page, const json_t *row);
	const char *none; /* the sentence where nothing waits */
};

int mcp_rows_run(struct cli *cli, int argc, char **argv, const struct mcp_rows *kind);

/* "  label: text", or nothing for an empty text. */
void mcp_print_fact(struct page *page, const char *label, const char *text);
