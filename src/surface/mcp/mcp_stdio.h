/*
 * MCP on standard input and output: a message a line, nothing else on standard output; the end of
 * the input ends the session and cancels its calls.
 */
#pragma once

#include "call/gate_remote.h"

/* Serves until the client is gone: 0, or why the gate is. 'catalogue' as the warden lists tools. */
int mcp_stdio_serve(struct gate_remote *gate, const json_t *catalogue, const char *version,
		    struct error *err) MUST_CHECK;
