/* constable mcp-server login: a person logs in where an MCP server wants that. */
#pragma once

#include "cli/command.h"

int mcp_login_run(struct cli *cli, int argc, char **argv);
