/*
 * Events: what happens in an org, in one order, for those who watch (SSE).
 *
 * An event is in the store before anybody hears of it, together with the change that
 * it tells of, and has a sequence number of its org, so a watcher who comes back with the
 * last number he has misses nothing. The newest EVENTS_KEPT of an org are kept.
 *
 * Kinds of the hub: "agent" {id, state}, "call" {id, agent, state, and tool when it is new},
 * "progress" {id, agent, text, stream} (not kept: number 0), "finding" {agent, finding, data}.
 */
#pragma once

#include "server/hub/hub.h"

#define EVENTS_KEPT 10000
#define EVENTS_DATA_MAX_BYTES (64 * KIB)
#define EVENTS_MAX_SUBSCRIBERS 1024
#define EVENTS_MAX_SUBSCRIBERS_OF_ORG 512 /* so that no org keeps the others out */
#define EVENTS_FROM_NOW UINT64_MAX

struct hub_event {
	uint64_t seq; /* 0: it is not kept, so there is no coming back to it */
	const char *kind;
	const char *data; /* JSON text */
	uint64_t time_ns; /* wall clock */
};

/* 'data' is taken over. As store_done; 'done' may be NULL. */
struct hub_news {
	const char *org, *kind;
	json_t *data;
};
void hub_publish(struct hub *hub, const struct hub_news *news, store_done *done, void *user);

struct hub_subscription;

struct hub_subscriber {
	const char *org;    /* copied */
	const char *agent;  /* only events that name this agent; copied; NULL: all */
	uint64_t after_seq; /* the last one he has; EVENTS_FROM_NOW: none of the old ones */

	/*
	 * In order. 0, or -EAGAIN: not taken; then nothing comes until
	 * hub_subscription_resume(), which reads on from the store, so that a slow watcher
	 * costs no memory. May end the subscription.
	 */
	int (*deliver)(const struct hub_event *event, void *data);
	/* Events up to 'seq' were dropped before he came: he has to look at the whole again. */
	void (*lost)(uint64_t seq, void *data);
	void *data;
};

/* NULL with -EBUSY beyond EVENTS_MAX_SUBSCRIBERS, of all and of the org. Delivers from the loop
 * only. */
struct hub_subscription *hub_subscribe(struct hub *hub, const struct hub_subscriber *subscriber,
				       struct error *err);
void hub_subscription_resume(struct hub_subscription *subscription);
void hub_subscription_end(struct hub_subscription *subscription);
