/*
 * The investigations that are kept (kept.h) as resources of MCP: case://NAME/report is a report,
 * case://NAME/evidence/ID the bytes of one result it was made of. Files of the person who runs the
 * program, read when they are asked for.
 */
#pragma once

#include "cli/command.h"
#include "surface/mcp/host.h"

struct case_library {
	struct mcp_library library;

	/* private */
	const struct cli *cli;
	json_t *names; /* as told last */
	json_t *known; /* {name: how MCP lists it} */
	json_t *templates;
};

void case_library_init(struct case_library *cases, const struct cli *cli);
void case_library_cleanup(struct case_library *cases);
