/* heartbeat: "I am here", with the head of the host's audit log, which the server anchors. */
#pragma once

struct agent;
struct jsonrpc_message;

void heartbeat_start(struct agent *agent);
void heartbeat_take(struct agent *agent, const struct jsonrpc_message *message);
