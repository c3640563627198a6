/* constable mcp-server, which constable-remote runs: what it is told of. */
#include "cli/fleet.h"

const struct command command_mcp_server = {
	.name = "mcp-server",
	.usage = "list [--json]\n"
		 "show NAME [--json]\n"
		 "add NAME URL [--secret-file FILE|-] [--json]\n"
		 "remove NAME\n"
		 "test NAME [--json]\n"
		 "login NAME\n"
		 "allow NAME TOOL[=HASH]... [--json]\n"
		 "ask NAME TOOL... [--json]\n"
		 "deny NAME TOOL... [--json]\n"
		 "enable NAME\n"
		 "disable NAME\n"
		 "waiting [ID] [--json]\n"
		 "approve ID\n"
		 "refuse ID\n"
		 "questions [ID] [--json]\n"
		 "answer ID [--content-file FILE|-]\n"
		 "decline ID",
	.summary = "MCP servers of others that investigations with a model may ask",
	.help = "None of them is trusted: each call of a tool waits until a person has approved "
		"it\n('waiting', 'approve'), unless you allow that tool. What you allow is what it "
		"says\nof itself now; if that changes, each call waits again. The secret is a "
		"bearer "
		"token,\n{\"header\", \"value\"}, or {\"client_id\", \"client_secret\", "
		"\"token_url\"} to get\ntokens with. Where a person has to log in (OAuth), none "
		"is needed: 'login' prints\nthe URL to open, and waits for the code that the page "
		"shows after it. What a server\nasks a person in the middle of a call "
		"('questions') is answered with\n{\"FIELD\": VALUE} for that server alone.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};
