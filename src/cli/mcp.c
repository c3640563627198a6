/* constable mcp: the tools of this host for a client of the Model Context Protocol. */
#include "surface/mcp/mcp_stdio.h"

#include "cli/commands.h"

static int run(struct cli *cli, int argc, char **argv UNUSED)
{
	CLEANUP(gate_remote) struct gate_remote gate = { .fd = -1 };
	CLEANUP(frame) struct frame tools = { 0 };
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "tools");
	CLEANUP(json) json_t *catalogue = NULL;
	struct error err = { 0 };

	if (argc > 1)
		return command_misused(&command_mcp);
	if (cli_open_gate(cli, &gate, &err) < 0 ||
	    gate_remote_call(&gate, header, NULL, 0, &tools, &err) < 0)
		return command_failed(&err);
	catalogue = json_parse(tools.body, tools.n_body, FRAME_BODY_MAX_BYTES, &err);
	if (!catalogue || mcp_stdio_serve(&gate, catalogue, CONSTABLE_VERSION, &err) < 0)
		return command_failed(&err);
	return EXIT_DONE;
}

const struct command command_mcp = {
	.name = "mcp",
	.usage = "[--host H]",
	.summary = "Serve the tools to an MCP client on standard input and output",
	.help = "The Model Context Protocol, a message a line. Every call goes through the gate,\n"
		"in your name: the policy judges it and the audit log has it. The end of the\n"
		"input ends it and cancels what runs.\n",
	.run = run,
};
