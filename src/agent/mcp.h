/*
 * POST /mcp of the local API: the warden's tools for clients of the Model Context Protocol
 * (surface/mcp/http.h). Each call is made for the client who was recognised, by whose name the
 * host's policy judges it.
 *
 * Each client has a room of its own: its sessions, streams and calls are no other's, whatever ids
 * others guess. Whoever holds access tokens has one for each of the programs that he uses,
 * AGENT_MCP_ROOMS_OF_ONE at most: for another one that of his which was used longest ago gives way,
 * and never somebody else's. The catalogue is asked of the warden when somebody comes for whom
 * there is no room, and again when the warden was away; without clients nothing of it is kept.
 */
#pragma once

#include "agent/client.h"
#include "surface/mcp/host.h"
#include "surface/mcp/http.h"

struct agent;

#define AGENT_MCP_MAX_ROOMS 16            /* clients at a time */
#define AGENT_MCP_ROOMS_OF_ONE 4          /* who holds tokens of several programs */
#define AGENT_MCP_HISTORY_BYTES (4 * MIB) /* of a room */

struct agent_mcp {
	struct agent *agent;
	struct mcp_room *rooms; /* NULL while nobody comes */
	unsigned n_rooms;
	unsigned n_asked;         /* calls at the warden */
	struct visitor *visitors; /* that wait for the catalogue */
	bool is_asking;
	uint64_t n_rooms_ever, n_served;
};

void agent_mcp_init(struct agent_mcp *mcp, struct agent *agent);
void agent_mcp_finish(struct agent_mcp *mcp);
/* 'client' has shown who he is. */
void agent_mcp_serve(struct agent_mcp *mcp, struct http_request *request,
		     const struct client *client);
/* A frame of progress that belongs to none of the link's calls. */
void agent_mcp_take_progress(struct agent_mcp *mcp, const json_t *header);
void agent_mcp_warden_up(struct agent_mcp *mcp);
/* The agent is quiet: what nobody needs is given back. */
void agent_mcp_rest(struct agent_mcp *mcp);
/* Whether there is something to be given back. */
bool agent_mcp_could_rest(const struct agent_mcp *mcp);
