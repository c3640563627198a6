/*
 * Other servers on our database. An agent's claim says who answers for it: the server that
 * holds its link, or held it last. Only that one gives it calls, and only that one says of a call
 * that it cannot have started; so both are checked against the claim. Whoever accepts a call, or
 * hears of an outcome, stores it and hints to the others, who then look at the store.
 *
 * A hint proves nothing and may be lost: what it tells of is looked at every HUB_LOOK_NS as well,
 * agents and events every HUB_LOOKS_OF_AGENTS-th time.
 */
#pragma once

#include "server/hub/company.h"
#include "server/hub/flight_internal.h"

#define HUB_LOOK_NS (2 * NS_PER_SEC)
#define HUB_LOOKS_OF_AGENTS 5

/* claim.c: as a row of agents has it, and that of calls. */
struct hub_claim {
	const char *server;
	int64_t fence;
	int64_t adrift; /* calls.adrift as it was seen; -1: whatever it is */
};

/* Nobody else answers for that agent. */
bool claim_is_ours(const struct hub *hub, const char *server);
/* What we know of an agent whose link we hold. */
struct hub_claim claim_of(const struct hub_entry *entry);
/* The batch holds only while it is so; nothing where we are alone. */
void claim_add_check(struct hub_batch *batch, const struct hub_op *op,
		     const struct hub_claim *claim);
/* Whether others still take us for alive: only then may we give a call. */
bool claim_may_give(const struct hub *hub);
/* We have looked whose our agents are. */
void claim_end_doubt(struct hub *hub);
/* Another server has the agent now, or it is revoked: what we knew of its calls is old. */
void claim_lose(struct hub_entry *entry);

/* relay.c */
struct hub_hint {
	const char *org, *agent, *call, *what;
};
/* Sends a hint that belongs to no batch. */
void relay_hint(struct hub *hub, const char *kind, const struct hub_hint *hint);
/* The hint of a batch with this op, the caller's; NULL: nobody needs one. */
char *relay_format(const struct hub_op *op);

/* look.c */
void look_at_agent(struct hub *hub, const char *org, const char *agent);
void look_at_agents(struct hub *hub);
void look_at_queue(struct hub *hub);
/* The call has an outcome, says somebody. */
void look_at_call(struct hub *hub, const struct hub_hint *hint);
void look_handle_timer(evutil_socket_t fd, short what, void *hub);

/* cancel.c: somebody asked for it at another server. */
void cancel_hear(struct hub *hub, const struct hub_hint *hint);
/* expiry.c: something may be due. */
void expiry_hear(struct hub *hub);
/* approvers.c: read again, and told to agents where it changed. */
void approvers_look(struct hub *hub);
/* revoke.c */
void revoke_cut(struct hub_entry *entry);

/* progress.c: what a call says is kept for a minute; delivered where somebody watches. */
void progress_relay(struct hub *hub, const char *org, const char *data);
void progress_hear(struct hub *hub, const struct hub_hint *hint);

/* tools_elsewhere.c */
void tools_ask_elsewhere(struct hub *hub, const char *org, const char *agent, hub_tools_done *done,
			 void *data);
/* Another server asks for them; they are in the store now. */
void tools_hear_asked(struct hub *hub, const struct hub_hint *hint);
void tools_hear_told(struct hub *hub, const struct hub_hint *hint);
void tools_share(struct hub *hub, const char *org, const char *version, const json_t *tools);
void tools_elsewhere_drop(struct hub *hub);
