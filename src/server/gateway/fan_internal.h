/* A tool on several hosts: one call of the queue for each of them, and what became of it. */
#pragma once

#include "server/gateway/gateway_internal.h"
#include "server/hub/queue.h"

#define FAN_AWAY_NS (10 * NS_PER_SEC) /* a host that left may come back for so long */

enum fan_state {
	FAN_DONE,
	FAN_FAILED,
	FAN_UNREACHABLE,
	FAN_WAITS, /* for an approval */
	FAN_N_STATES,
};

struct fan_leg {
	struct fan *fan;
	struct hub_wait wait; /* while 'is_waiting' */
	bool is_waiting, is_closed;
	bool is_away;           /* its host left, as far as we have heard */
	struct within *reading; /* its row, or NULL */
	enum fan_state state;   /* once it is closed */
	char call[HUB_ID_BYTES], agent[HUB_ID_BYTES], host[ORG_NAME_BYTES];
	json_t *result; /* or NULL */
	char error[ERROR_TEXT_BYTES];
};

struct fan {
	struct gateway_errand errand;
	LIST_ENTRY(fan) link;
	struct gateway_org *org;
	struct caller caller;
	struct within *submitting; /* or NULL */
	char tool[HUB_ID_BYTES];
	uint64_t deadline_ns, until_ns; /* from its start; monotonic */
	bool was_asked;                 /* its client has said that approvals are given */
	double told;                    /* of its progress */
	size_t n_bytes;                 /* of results */
	unsigned n_legs, n_closed;
	struct fan_leg *legs;
};

/* --- fan.c */

/* Another leg is closed: the fan may be no more. */
void fan_count(struct fan *fan);
/* Frees it with what its legs wait for; its call must have been ended or handed on. */
void fan_free(struct fan *fan);
/* One more piece of news from that host. */
void fan_tell(struct fan *fan, const struct fan_leg *leg, const char *text);

/* --- fan_leg.c */

/* Waits for its outcome, or until it waits for an approval. */
void fan_leg_follow(struct fan_leg *leg);
void fan_leg_close(struct fan_leg *leg, enum fan_state state, const char *error);
/* What its fan waits for comes no more. */
void fan_leg_drop(struct fan_leg *leg);
/* Ends its call, which nobody wants any more. */
void fan_leg_cancel(struct fan_leg *leg);
/* Its host left, or is back. */
void fan_leg_hear(struct fan_leg *leg, const char *presence);
json_t *fan_leg_describe(struct fan_leg *leg);
