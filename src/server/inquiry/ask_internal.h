/* A call that an investigator asked for, and what is special where it changes its host. */
#pragma once

#include "server/hub/queue.h"
#include "server/inquiry/inquiries_internal.h"

struct ask {
	struct leg *leg; /* NULL: nobody waits any more */
	struct ask *next, **link;
	struct hub *hub;
	struct hub_wait wait;
	uint64_t ticket;
	json_int_t id;
	uint64_t number;
	char org[HUB_ID_BYTES], call[HUB_ID_BYTES];
	char *tool, *args;
	char *why; /* a model's words for who approves it; NULL: it only reads */
	const char *risk;
	bool is_submitting, is_waiting, is_context, has_waited;
};

/* ask.c */
void ask_send(struct ask *ask, const char *grant);
void ask_wait(struct ask *ask, enum hub_wait_since since, uint64_t patience_ns);

/* ask_change.c: how long it may wait for a person, who is told of it; NULL: it may be asked for. */
uint64_t ask_approval_ns(const struct ask *ask);
const char *ask_change_fault(const struct ask *ask);
/* Sends it, with the standing grant that seems to cover it. */
void ask_change(struct ask *ask);
/* Its host wants an approval: tells so, and waits. */
void ask_approval(struct ask *ask);
/* Nobody approved it in time. */
void ask_approval_timeout(struct ask *ask);
