/*
 * An offer that a JSON file describes: what there is, and step by step what happens when it is
 * called. What the referees of MCP want to see of a server, and no product has.
 *
 * {"tools": [...], "prompts": [...], "resources": [...], "templates": [...]}, each item as MCP
 *lists it, with "steps" beside (not listed): an array of
 *	{"log": [LEVEL, TEXT]}  {"progress": [AT, TOTAL]}  {"wait_ms": N}
 *	{"wait_s": "${arguments/seconds}"}
 *	{"changed": LIST}       tells that this list ("tools") is another now
 *	{"need": CAPABILITY}    refuses a client that has not got it
 *	{"task": true}          goes on as a task, where the client knows tasks; "needed" instead of
 *	                        true refuses one that does not
 *	{"ask": {KEY: {"method", "params"}}}   until it has answered all it can answer
 *	{"result": ...}  {"error": [CODE, TEXT]}   the last
 * In texts ${arguments/a}, ${answers/k/content/name} and ${rest}, what is between a template's
 * "prefix" and "suffix", stand for what is there.
 */
#pragma once

#include <event2/event.h>

#include "surface/mcp/http.h"

struct script;

/* Ends the program where the file is none. */
struct script *script_load(struct event_base *base, const char *path);
const struct mcp_offer *script_offer(const struct script *script);
/* Whom it tells of changes. */
void script_serve(struct script *script, struct mcp_http *http);
