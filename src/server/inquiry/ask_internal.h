/* A call that an investigator asked for, and what is special where it changes its host. */
#pragma once

#include "server/hub/queue.h"
#include "server/inquiry/foreign.h"
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
	bool is_dropped;         /* of before a restart: only its outcome is wanted */
	bool may_run;            /* a change of before a restart, which people may have approved */
	uint64_t waits_since_ns; /* for a person; monotonic, 0: it does not */

	/* Of an MCP server of others, which no host is asked for. */
	struct foreign_tool *foreign; /* NULL: it is none */
	struct mcp_request *request;  /* under way */
	struct event *late;           /* while a person is waited for */
	uint64_t sent_ns;
	struct elicitation *elicited; /* what its server asks of people (elicit.h) */
	unsigned n_elicited;          /* of them, in all */
};

/* ask.c */
struct ask *ask_new(struct leg *leg, const struct ask_words *words, const json_t *args);
/* Is no longer one of its leg's, where it was. */
void ask_leave(struct ask *ask);
void ask_free(struct ask *ask);
void ask_send(struct ask *ask, const char *grant);
void ask_wait(struct ask *ask, enum hub_wait_since since, uint64_t patience_ns);
/* On record, told, answered; the ask is no more. */
void ask_settle(struct ask *ask, struct evidence_row *row);
/* The same of one that was never begun, which is also on the audit log: -EDQUOT there but once. */
void ask_refuse(struct ask *ask, int code, const char *sentence);

/* ask_foreign.c: false where it is for its host. */
bool ask_foreign(struct ask *ask);
void ask_forget_foreign(struct ask *ask);
/* Its investigator is told that a person is waited for, or is not any more. */
void ask_tell_waits(const struct ask *ask, bool waits);
/* It may not be made any more: what waits, or is under way, ends with that sentence. */
void ask_revoke_foreign(struct ask *ask, const char *sentence);
/* event.c: a call of such a tool waits for a person; ask->call is its appeal from now on. */
void tell_foreign_approval(struct ask *ask, uint64_t expires_ns);

/* ask_drop.c: nobody had approved it. */
void ask_cancel_dropped(struct ask *ask);

/* ask_change.c: how long it may wait for a person, who is told of it; NULL: it may be asked for. */
uint64_t ask_approval_ns(const struct ask *ask);
const char *ask_change_fault(const struct ask *ask);
/* Sends it, with the standing grant that seems to cover it. */
void ask_change(struct ask *ask);
/* Its host wants an approval: tells so, and waits. */
void ask_approval(struct ask *ask);
/* That has ended, if it was wanted: with calls.state and its sentence, or "". */
void ask_end_approval(struct ask *ask, const char *state, const char *sentence);
/* It waits for a person no more; 'state' is its outcome, "": nobody wants it any more. */
void ask_hear_person(struct ask *ask, const char *state);
