/*
 * An errand: one call that the server takes to an agent, from its submission to
 * its outcome, beside others on the same fetcher.
 *
 * POST /api/v1/calls, then GET /api/v1/calls/{id} with a wait until it has an
 * outcome. While the server is away it is asked again until the deadline: the
 * call is in its store.
 */
#pragma once

#include "net/fetch.h"

#define ERRAND_GRACE_NS (15 * NS_PER_SEC) /* after a call's deadline, for its outcome to arrive */

enum errand_reason {
	ERRAND_WAITS,
	ERRAND_REFUSED,
};

struct errand {
	struct fetcher *fetcher;
	const char *agent; /* id; borrowed until 'done' */
	const char *tool;
	const json_t *args;
	uint64_t timeout_ns;  /* 0: two minutes */
	uint64_t approval_ns; /* how long it may wait for an approval before; 0: an hour */

	/*
	 * Exactly once, from fetcher_wait(). 'call' is the server's record (borrowed):
	 * "id", "state", "result", "error", "meta" ...; 'err' is set where it did not end
	 * as "done": -EACCES (denied), -ECANCELED, -ETIMEDOUT
	 * (expired), -EINTR (interrupted), or what the tool said.
	 */
	void (*done)(struct errand *errand, const json_t *call, const struct error *err);

	/* When it comes to wait for an approval, and for each further one; or NULL. */
	void (*waits)(struct errand *errand, const json_t *call);

	/*
	 * For many errands beside each other, or NULL: called, from fetcher_wait(), where there
	 * is no outcome yet, so that another may have its turn; errand_resume() goes on. A call
	 * that the server takes no more of for now (429) is 'refused' so, and not yet submitted.
	 */
	void (*later)(struct errand *errand, enum errand_reason reason);

	char id[80]; /* of the call, once the server took it */

	/* private */
	char nonce[64];
	uint64_t until_ns;
	bool is_cancelled;
};

int errand_start(struct errand *errand, struct error *err) MUST_CHECK;
/* After 'later'. 'done' or 'later' comes again. */
void errand_resume(struct errand *errand);
/* Waits for a call that was submitted before, perhaps by another program: only fetcher, done,
 * waits and timeout_ns count. */
void errand_await(struct errand *errand, const char *id);
/* Asks the server to cancel it; 'done' still comes. */
void errand_cancel(struct errand *errand);
