/*
 * Deliveries: what an org's destinations (Slack, Teams, PagerDuty, mail, webhook) are told about
 * its incidents, through an outbox in the store.
 *
 * A delivery is durable before anything is sent. It is tried until the destination takes it,
 * refuses it for good, or a day has passed; after 429, 5xx and troubles of the network it waits
 * exponentially longer, with jitter, and never less than the destination says. Of one incident
 * and destination one is under way at a time, in their order, whichever server does it; an
 * incident's message is updated where the destination can.
 *
 * A server that is killed between a request and its answer does not know whether that arrived.
 * The delivery is then 'uncertain' and tried again, at least once in all: kinds that can (Slack
 * with a bot, PagerDuty) look first, webhooks and mails carry the same id, others may show two.
 *
 * An appeal (server/inquiry/appeal.h) is a message of its own, in the thread of its incident's
 * where there is one, and is updated when it has ended. One that is over before it could be told
 * is skipped.
 *
 * The document of a delivery is what report/outline.h describes. States: waiting, sending,
 * delivered, failed (refused, or given up; 'error' says why), skipped (nothing to be told).
 */
#pragma once

#include <event2/event.h>

#include "base/json.h"
#include "server/store/store.h"

#define OUTBOX_DOCUMENT_MAX_BYTES (2 * MIB)
#define OUTBOX_INCIDENT_BYTES 129
#define OUTBOX_MAX_DESTINATIONS 200                    /* of an org */
#define OUTBOX_MAX_WAITING 20000                       /* of an org; beyond: -EBUSY */
#define OUTBOX_MAX_OPEN 32                             /* under way at once, here */
#define OUTBOX_PATIENCE_NS (86400 * NS_PER_SEC)        /* then it is given up */
#define OUTBOX_LEASE_NS (300 * NS_PER_SEC)             /* of the server that has it in hand */
#define OUTBOX_KEPT_NS (30 * 86400 * NS_PER_SEC)       /* after it has ended */
#define OUTBOX_REFERENCE_NS (400 * 86400 * NS_PER_SEC) /* after an incident's last message */

struct buf;
struct courier;
struct vault;
struct outbox;

/* Texts are borrowed for the life of the outbox. */
struct outbox_config {
	struct event_base *base;
	struct store *store;
	struct vault *vault;
	struct courier *courier;
	const char *owner;        /* who we are, the same after a restart */
	const char *networks;     /* private ones that destinations may lie in; or NULL */
	const char *ca_pem;       /* what to trust in place of the system's CAs, or NULL */
	uint64_t (*now_ns)(void); /* wall clock; NULL: the real one */
};

struct outbox_counters {
	uint64_t delivered, refused, given_up, skipped, retries;
	unsigned open; /* under way now */
};

struct outbox *outbox_new(const struct outbox_config *config);
/* What is under way is dropped, uncertain; no callback comes afterwards. */
void outbox_free(struct outbox *outbox);

/* The store is ready, again or for the first time: goes on with what waits. */
void outbox_start(struct outbox *outbox);
/* Looks now for what is due: after a batch of others that made deliveries. */
void outbox_look(struct outbox *outbox);
const struct outbox_counters *outbox_counters(const struct outbox *outbox);
/* What constable_deliver* say in /metrics. */
void outbox_metrics(const struct outbox *outbox, struct buf *page);

/* Texts and the document are borrowed until outbox_send() returns. */
struct outbox_message {
	const char *org;
	const char *destination; /* its id */
	const char *incident;    /* its id: what messages are joined by */
	/* "opened" "report" "resolved" ...: as the document's "kind"; "appeal" is a part apart */
	const char *event;
	const json_t *document;
};

/*
 * NULL with the delivery's id once it is durable, or why it is not: -ENOENT no such destination,
 * -EBUSY too many wait, -E2BIG, or what the store says. Never before outbox_send() has returned.
 */
typedef void outbox_sent(const char *delivery, const struct error *err, void *data);
void outbox_send(struct outbox *outbox, const struct outbox_message *message, outbox_sent *done,
		 void *data);

/*
 * What server 'from' had in hand waits again, uncertain: for the batch that declares that server
 * dead, with outbox_look() after it.
 */
#define OUTBOX_TAKE_PARAMS 1
struct store_step outbox_take_step(const char *from, struct store_value room[OUTBOX_TAKE_PARAMS]);

/* Removes what ended long ago: for a batch of all orgs. */
#define OUTBOX_UPKEEP_STEPS 2
void outbox_upkeep_steps(uint64_t now_ns, struct store_value params_out[OUTBOX_UPKEEP_STEPS],
			 struct store_step steps_out[OUTBOX_UPKEEP_STEPS]);
