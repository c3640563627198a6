/*
 * Requests that the warden answers at once, from what it knows: tools, status,
 * verify, approvals, approve; of the spool: spool (the caller's calls), forget; of
 * approvals from elsewhere (call/consent.h):
 *
 *	{"type":"nonce","call_id","tool","args_sha256"}: what an approver is to sign
 *	{"type":"pin","org","host","root","anchor_key"?}: by root only, once
 *	{"type":"approvers"}: with a body, the sealed list of approvers, takes it; without
 *		one tells what is pinned and who approves
 *	{"type":"revoke"}, body: [sealed revocations of grants] (identity/grant.h)
 *	{"type":"anchor"}, body: a sealed anchor (call/anchors.h)
 *	{"type":"contact","asked_ns"}: the server answered what the agent asked then, by
 *		CLOCK_BOOTTIME: however long this is under way, it is no younger
 */
#pragma once

#include "warden/connection.h"

void query_serve(struct connection *connection, const char *type, const struct frame *frame);
