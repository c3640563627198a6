#include "remote/mcp_call.h"

#include <string.h>

#include "cli/fleet.h"
#include "remote/listing.h"
#include "remote/mcp_rows.h"

#define CALLS "/api/v1/mcp-calls"
#define PATH_BYTES 128

static void print_call(struct page *page, const json_t *row)
{
	const json_t *call = json_object_get(row, "call");

	page_add(page, STYLE_STRONG, "%s", json_get_text(row, "id", ""));
	page_add(page, STYLE_PLAIN, "  %s of the MCP server %s",
		 json_get_text(call, "mcp_tool", ""), json_get_text(call, "mcp_server", ""));
	page_end(page);
	mcp_print_fact(page, "arguments", json_get_text(call, "arguments", ""));
	mcp_print_fact(page, "because, a model says", json_get_text(call, "why", ""));
	mcp_print_fact(page, "changed",
		       json_get_bool(call, "was_allowed", false)
			       ? "it was allowed, and says other things of itself now"
			       : "");
	mcp_print_fact(page, "asked by", json_get_text(row, "caller", ""));
	mcp_print_fact(page, "until", json_get_text(row, "expires", ""));
}

int mcp_call_run_waiting(struct cli *cli, int argc, char **argv)
{
	return mcp_rows_run(
		cli, argc, argv,
		&(struct mcp_rows) { CALLS, "mcp_calls", print_call,
				     "No call of an MCP server waits for an approval." });
}

static int decide(struct cli *cli, int argc, char **argv, const char *decision)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST" };
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_mcp_server);
	text_format(path, sizeof(path), CALLS "/%.64s", words.at[0]);
	request.path = path;
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = json_pack("{s:s}", "decision", decision);
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s",
		 strcmp(decision, "approve") == 0 ? "It runs now." : "It will not run.");
	page_end(&cli->out);
	return EXIT_DONE;
}

int mcp_call_run_approve(struct cli *cli, int argc, char **argv)
{
	return decide(cli, argc, argv, "approve");
}

int mcp_call_run_refuse(struct cli *cli, int argc, char **argv)
{
	return decide(cli, argc, argv, "refuse");
}
