/* constable mcp-server questions|answer|decline: what MCP servers ask of a person. */
#pragma once

#include "cli/command.h"

int mcp_question_run_list(struct cli *cli, int argc, char **argv);
int mcp_question_run_answer(struct cli *cli, int argc, char **argv);
int mcp_question_run_decline(struct cli *cli, int argc, char **argv);
