/* constable mcp: the tools of this host for a client of the Model Context Protocol. */
#include "surface/mcp/mcp_stdio.h"

#include "cli/ask/case_library.h"
#include "cli/commands.h"
#include "cli/mcp_http.h"
#include "cli/skill_texts.h"

static int run(struct cli *cli, int argc, char **argv)
{
	const char *where = NULL;
	const struct option_row rows[] = { { "--http", OPTION_TEXT, &where }, { 0 } };
	struct words words;
	CLEANUP(gate_remote) struct gate_remote gate = { .fd = -1 };
	CLEANUP(frame) struct frame tools = { 0 };
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "tools");
	CLEANUP(json) json_t *catalogue = NULL;
	CLEANUP(json) json_t *skills = NULL;
	CLEANUP(case_library) struct case_library cases = { 0 };
	struct mcp_stdio_config config = { .library = &cases.library,
					   .version = CONSTABLE_VERSION };
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_mcp);
	if (cli_open_gate(cli, &gate, &err) < 0 ||
	    gate_remote_call(&gate, header, NULL, 0, &tools, &err) < 0)
		return command_failed(&err);
	catalogue = json_parse(tools.body, tools.n_body, FRAME_BODY_MAX_BYTES, &err);
	skills = catalogue ? skill_texts(cli->skills, &err) : NULL;
	if (!skills)
		return command_failed(&err);
	case_library_init(&cases, cli);
	config.catalogue = catalogue;
	config.skills = skills;
	r = where ? mcp_http_run(cli, &gate, &config, where, &err)
		  : mcp_stdio_serve(&gate, &config, &err);
	return r < 0 ? command_failed(&err) : EXIT_DONE;
}

const struct command command_mcp = {
	.name = "mcp",
	.usage = "[--host H] [--http ADDRESS:PORT]",
	.summary = "Serve the tools to an MCP client on standard input and output, or by HTTP",
	.help = "The Model Context Protocol, a message a line. Every call goes through the gate,\n"
		"in your name: the policy judges it and the audit log has it. The end of the\n"
		"input ends it and cancels what runs.\n"
		"With --http they are at http://ADDRESS:PORT/mcp, on loopback, for who has the "
		"token\n"
		"that is made at the start and lies in the file mcp_token of the state folder.\n",
	.run = run,
};
