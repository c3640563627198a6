/*
 * MCP on standard input and output: a message a line, nothing else on standard output; the end of
 * the input ends the session and cancels its calls.
 */
#pragma once

#include "call/gate_remote.h"
#include "surface/mcp/host.h"

/* As of a host (host.h). Borrowed. */
struct mcp_stdio_config {
	const json_t *catalogue, *skills;
	const struct mcp_library *library;
	const char *version;
};

/* Serves until the client is gone: 0, or why the gate is. */
int mcp_stdio_serve(struct gate_remote *gate, const struct mcp_stdio_config *config,
		    struct error *err) MUST_CHECK;
