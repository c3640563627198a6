/*
 * constable-agent: what stays on a host. It speaks for the warden to the server and to
 * local clients, and decides nothing.
 */
#pragma once

#include <event2/event.h>

#include "agent/api.h"
#include "agent/bus.h"
#include "agent/calls.h"
#include "agent/heartbeat.h"
#include "agent/link.h"
#include "agent/mcp.h"
#include "agent/metrics.h"
#include "agent/programs.h"
#include "agent/registry/registry.h"
#include "agent/state.h"
#include "agent/telemetry.h"
#include "agent/warden.h"
#include "base/config.h"
#include "base/notify.h"

#define AGENT_HEARTBEAT_S 30 /* its one timer while idle */

struct agent {
	struct event_base *base;
	const struct config *config;
	const char *version;
	const char *executables;
	char hostname[256];
	char boot_id[40];
	uint64_t started_ns; /* monotonic */
	struct state state;
	struct warden *warden;
	struct calls calls;
	struct link link;
	struct metrics metrics;
	struct programs programs;
	struct telemetry telemetry;
	struct bus bus;
	struct api api;
	struct agent_mcp mcp;
	struct registry *registry; /* of signed programs; NULL: none is asked */
	struct notify notify;
	struct event *tick, *trim;
	char *approvers; /* the list that the warden is to check, or NULL */
	json_t *revoked; /* grants' sealed revocations, for the same */

	/* Of the warden's audit log, as last heard. */
	json_int_t audit_seq;
	char audit_head[65];
	char warden_boot_id[65];
	unsigned n_ticks;
	uint64_t n_asked_then; /* calls when the head was last asked for */
};

/* Something happened: give memory back when it is quiet again. */
void agent_was_busy(struct agent *agent);

/*
 * Passes on to the warden, now and when that restarts, what an org's people signed: "approvers",
 * the list of them, and "revoked", revocations of grants. Members that are not there stay.
 */
void agent_take_approvers(struct agent *agent, const json_t *members);
void agent_tell_approvers(struct agent *agent);

/* Asks the warden for its audit head, then calls 'done' in any case. */
void agent_ask_warden(struct agent *agent, void (*done)(struct agent *agent));
