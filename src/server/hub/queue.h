/*
 * The queue: calls for agents, in the store until each has exactly one outcome.
 *
 * States (calls.state): queued, also while it runs at its agent; waiting_approval,
 * when the host's warden wants one; and the outcomes done, failed, interrupted,
 * denied, cancelled, expired. The first outcome stays. A call expires only if it
 * cannot have started; one that may have, waits for its agent to come back and say
 * (HUB_LOST_NS beyond its deadline; then it is interrupted). A result that arrives
 * after that is kept beside the outcome: result is set, meta has "late": true.
 *
 * An agent is told "acknowledge" once the outcome is on disk, and given a call
 * again after a reconnect unless its hello says it has it: with the agent's own
 * book of call ids nothing runs twice.
 */
#pragma once

#include <event2/event_struct.h>

#include "server/hub/hub.h"

#define HUB_MAX_QUEUED 1024 /* open calls of one agent; beyond: -EBUSY */
#define HUB_ARGS_MAX_BYTES (1 * MIB)
#define HUB_LOST_NS (3600 * NS_PER_SEC)
#define HUB_APPROVAL_WAIT_NS (3600 * NS_PER_SEC) /* where the call does not say */

/* Copied by hub_submit(). */
struct hub_call {
	const char *org, *agent, *tool;
	const char *args;     /* canonical JSON object: exactly these bytes run */
	const char *caller;   /* who asks, "key_id/name" or a person: the host's audit log has it */
	const char *risk;     /* "reads", "traces", "changes" */
	uint64_t deadline_ns; /* wall clock; it ends by then */
	/*
	 * How long it may wait for an approval, 0: HUB_APPROVAL_WAIT_NS. Its deadline moves: while
	 * it waits it is the end of that, and once approved it has all its time again.
	 */
	uint64_t approval_wait_ns;
	const char *grant; /* id of a standing grant that seems to cover it, or NULL */
	bool must_ask;     /* also where the host's policy allows it, somebody approves it */
	const struct store_step *record; /* one of the caller's for the same batch, or NULL */
	const struct store_step *guard;  /* what must hold as well, or NULL */
};

/*
 * 'id' ("c_" and 32 hex digits) is in the store, or 'err' says why not: -ENOENT no such agent
 * or it is revoked, -EBUSY its queue is full, -EINVAL, -E2BIG, -ESHUTDOWN, and what the store
 * says. Never before hub_submit() returns.
 */
typedef void hub_submitted(const char *id, const struct error *err, void *data);
void hub_submit(struct hub *hub, const struct hub_call *call, hub_submitted *done, void *data);

/*
 * Ends a call: one that cannot have started is cancelled at once, of another its agent
 * is told, and its outcome says how that went. 'done' has no result to read: -ENOENT where no
 * such call is open.
 */
void hub_cancel(struct hub *hub, const char *org, const char *call, store_done *done, void *data);

/*
 * A call in waiting_approval gets its approval (verified by the caller) and is queued again.
 * While it waits, its meta says what to sign: {"approval": {"nonce", "expires_in_s", ...}}, as
 * the warden gave it; one that comes too late brings the call back here with another nonce.
 */
struct hub_approval {
	const char *org, *agent, *call, *approver;
	const json_t *sealed; /* identity/approval.h; borrowed */
};
/* -ENOENT where no such call waits for an approval. */
void hub_approve(struct hub *hub, const struct hub_approval *approval, store_done *done,
		 void *data);

/*
 * A call in waiting_approval is refused for good: its outcome is denied, with that sentence.
 * -ENOENT where no such call waits.
 */
struct hub_denial {
	const char *org, *call, *sentence;
};
void hub_deny(struct hub *hub, const struct hub_denial *denial, store_done *done, void *data);

/*
 * Waiting for an outcome: embedded in what waits. 'done' comes once, never before
 * hub_wait() returns: 'state' is calls.state, an outcome or where it stands at 'until_ns'
 * (borrowed); NULL with 'err': -ENOENT no such call, or the store's. Read the rest there.
 */
enum hub_wait_since {
	HUB_WAIT_ANY,       /* it may have an outcome already */
	HUB_WAIT_SUBMITTED, /* from within hub_submitted(): it cannot have one yet */
};

struct hub_wait {
	const char *org, *call; /* borrowed until 'done' */
	uint64_t until_ns;      /* monotonic */
	bool ends_at_approval;  /* also when it comes to wait for an approval, or does */
	enum hub_wait_since since;
	void (*done)(struct hub_wait *wait, const char *state, const struct error *err);

	/* private */
	struct hub *hub;
	struct hub_wait *next;
	struct event timer;
	uint64_t ticket;
};
void hub_wait(struct hub *hub, struct hub_wait *wait);
/* 'done' does not come any more. */
void hub_wait_cancel(struct hub_wait *wait);

/* Whether calls.state says how it ended. */
bool hub_is_outcome(const char *state);

/*
 * An outcome that came by HTTP, from an agent that holds no link: 'response' is what it would
 * have sent, {content, isError, _meta}. As store_done, once it is on disk, also for one that
 * was there before; -ENOENT where the agent has no such call, -EBADMSG for what is no response.
 */
struct hub_outcome {
	const char *org, *agent, *call;
	const json_t *response; /* borrowed */
};
void hub_post_outcome(struct hub *hub, const struct hub_outcome *outcome, store_done *done,
		      void *data);

/* The calls that such an agent has to run: [{"id", "name", "arguments", "_meta"}], borrowed. */
typedef void hub_fetched(const json_t *calls, const struct error *err, void *data);
void hub_fetch_calls(struct hub *hub, const char *org, const char *agent, hub_fetched *done,
		     void *data);
