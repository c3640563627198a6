/* constable mcp-server waiting|approve|refuse: calls of MCP servers that wait for a person. */
#pragma once

#include "cli/command.h"

int mcp_call_run_waiting(struct cli *cli, int argc, char **argv);
int mcp_call_run_approve(struct cli *cli, int argc, char **argv);
int mcp_call_run_refuse(struct cli *cli, int argc, char **argv);
