/* constable mcp --http: the same tools at http://ADDRESS/mcp, for programs of this host. */
#pragma once

#include "cli/command.h"
#include "surface/mcp/mcp_stdio.h"

/* Serves until it is told to end: 0, or why it cannot. The token lies in the state folder. */
int mcp_http_run(const struct cli *cli, struct gate_remote *remote,
		 const struct mcp_stdio_config *config, const char *where,
		 struct error *err) MUST_CHECK;
