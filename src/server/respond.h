/*
 * What the server does about an incident: its pipelines look into it, and their reports go out.
 *
 * Glue only. The order is: an incident's news become reactions in the store
 * (server/pipeline/reaction.h), and are handled then; a reaction that is planned becomes an
 * investigation; one whose investigation has ended becomes deliveries in the outbox; and when the
 * incident ends, so does what was told. Each arrow is one batch of the store, and whatever the
 * store says is due is done: when something happened, when the store is ready, and every
 * RESPOND_LOOK_NS. A server that was killed anywhere in between begins there again.
 */
#pragma once

#include <event2/event.h>

#include "server/incident/incident.h"
#include "server/inquiry/inquiry.h"
#include "server/notify/notify.h"

#define RESPOND_LOOK_NS (10 * NS_PER_SEC)
#define RESPOND_MAX_DESTINATIONS 20 /* of one reaction: what a batch of the store holds */
#define RESPOND_MAX_BUSY 256        /* reactions in hand; the rest waits in the store */

struct buf;
struct respond;

/* Borrowed for its life. Those it serves may be made after it: it uses them from respond_start().
 */
struct respond_config {
	struct event_base *base;
	struct store *store;
	struct incidents *incidents;
	struct inquiries *inquiries;
	struct outbox *outbox;
};

struct respond *respond_new(void);
void respond_free(struct respond *respond);

/* The store is ready, again or for the first time. Copied. */
void respond_start(struct respond *respond, const struct respond_config *config);
/* The server is about to end: nothing is begun any more. */
void respond_stop(struct respond *respond);

/* For struct incident_config and struct inquiry_config; 'data' is the struct respond. */
void respond_to_news(const struct incident_news *news, void *data);
void respond_to_report(const char *org, const char *investigation, void *data);
void respond_to_appeals(void *data);

/* What constable_alert_to_report_seconds says in /metrics: from the webhook to the first report. */
void respond_metrics(const struct respond *respond, struct buf *page);
