/* heartbeat: "I am here", with the head of the host's audit log, which the server anchors. */
#pragma once

#include "base/base.h"

struct agent;
struct jsonrpc_message;

void heartbeat_start(struct agent *agent);
void heartbeat_take(struct agent *agent, const struct jsonrpc_message *message);

/* The server answered what was asked at that time (monotonic): a program that waits for such a
 * sign may stay (kernel/program/life/confirm.c). The warden is told, again when it comes up. */
void heartbeat_note_contact(struct agent *agent, uint64_t asked_ns);
void heartbeat_tell_contact(struct agent *agent);
