#include "server/hub/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/op_internal.h"

#define PAGE_ROWS 200

enum subscription_state {
	SUB_READING, /* a page from the store is on its way */
	SUB_LIVE,    /* has everything: the next event comes as it happens */
	SUB_BLOCKED, /* took no more */
	SUB_BEHIND,  /* the store did not answer: tried again with the next event */
	SUB_ENDED,   /* from within a callback: goes with it */
};

struct hub_subscription {
	struct hub *hub;
	struct hub_subscription *next;
	struct hub_subscriber face;
	char org[HUB_ID_BYTES], agent[HUB_ID_BYTES];
	enum subscription_state state;
	uint64_t number, seq;
	unsigned n_delivering;
	bool is_stale; /* more may be in the store than the page under way has */
};

static void read_page(struct hub_subscription *sub);

static void free_subscription(struct hub_subscription *sub)
{
	struct hub_subscription **at = &sub->hub->subscriptions;

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	sub->hub->counters.subscribers--;
	free(sub);
}

void hub_subscription_end(struct hub_subscription *sub)
{
	sub->state = SUB_ENDED;
	if (!sub->n_delivering)
		free_subscription(sub);
}

static bool concerns(const struct hub_subscription *sub, const struct hub_event *event)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *data = NULL;
	const char *agent;

	if (!sub->face.agent)
		return true;
	data = json_parse(event->data, strlen(event->data), MIB, &err);
	agent = json_get_text(data, strcmp(event->kind, "agent") == 0 ? "id" : "agent", "");
	return strcmp(agent, sub->agent) == 0;
}

/* False once nothing more can be delivered now; the subscription may be gone then. */
static bool deliver(struct hub_subscription *sub, const struct hub_event *event)
{
	int r = 0;

	sub->n_delivering++;
	if (concerns(sub, event))
		r = sub->face.deliver(event, sub->face.data);
	sub->n_delivering--;
	if (sub->state == SUB_ENDED) {
		free_subscription(sub);
		return false;
	}
	if (r < 0) {
		sub->state = SUB_BLOCKED;
		return false;
	}
	if (event->seq)
		sub->seq = event->seq;
	return true;
}

void events_tell(struct hub *hub, const char *org, const struct hub_event *event)
{
	struct hub_subscription *next;

	for (struct hub_subscription *sub = hub->subscriptions; sub; sub = next) {
		next = sub->next;
		if (strcmp(sub->org, org) != 0)
			continue;
		if (sub->state == SUB_BEHIND)
			read_page(sub);
		if (sub->state != SUB_LIVE)
			continue;
		if (event->seq > sub->seq + 1) /* another server told what lies between */
			read_page(sub);
		else if (!event->seq || event->seq > sub->seq)
			(void)deliver(sub, event);
	}
}

static bool is_of(const struct hub_subscription *sub, const char *org)
{
	return !org || strcmp(sub->org, org) == 0;
}

void events_look(struct hub *hub, const char *org)
{
	for (struct hub_subscription *sub = hub->subscriptions; sub; sub = sub->next) {
		if (!is_of(sub, org))
			continue;
		if (sub->state == SUB_READING)
			sub->is_stale = true;
		else if (sub->state == SUB_LIVE || sub->state == SUB_BEHIND)
			read_page(sub);
	}
}

bool events_are_watched(const struct hub *hub, const char *org)
{
	const struct hub_subscription *sub = hub->subscriptions;

	while (sub && !is_of(sub, org))
		sub = sub->next;
	return sub;
}

static struct hub_subscription *find(struct hub *hub, uint64_t number)
{
	struct hub_subscription *sub = hub->subscriptions;

	while (sub && sub->number != number)
		sub = sub->next;
	return sub;
}

/* Whether he goes on: telling him may end the subscription. */
static bool tell_lost(struct hub_subscription *sub, uint64_t first_kept)
{
	if (!first_kept || sub->seq + 1 >= first_kept)
		return true;
	sub->seq = first_kept - 1;
	if (!sub->face.lost)
		return true;
	sub->n_delivering++;
	sub->face.lost(sub->seq, sub->face.data);
	sub->n_delivering--;
	if (sub->state != SUB_ENDED)
		return true;
	free_subscription(sub);
	return false;
}

static bool deliver_rows(struct hub_subscription *sub, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows; i++) {
		struct hub_event event = {
			.seq = (uint64_t)store_int_at(rows, i, 0),
			.kind = store_text_at(rows, i, 1),
			.data = store_text_at(rows, i, 2),
			.time_ns = (uint64_t)store_int_at(rows, i, 3),
		};

		if (!deliver(sub, &event))
			return false;
	}
	return true;
}

static void handle_page(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	struct hub_subscription *sub = find(op->hub, op->link);

	if (!sub || sub->state != SUB_READING)
		return;
	if (err) {
		sub->state = SUB_BEHIND;
		return;
	}
	if (sub->seq == EVENTS_FROM_NOW) {
		sub->seq = (uint64_t)store_int_at(&result->steps[0], 0, 1);
		sub->state = SUB_LIVE;
		if (sub->is_stale)
			read_page(sub);
		return;
	}
	if (!tell_lost(sub, (uint64_t)store_int_at(&result->steps[0], 0, 0)) ||
	    !deliver_rows(sub, &result->steps[1]))
		return;
	if (result->steps[1].n_rows == PAGE_ROWS || sub->is_stale)
		read_page(sub);
	else
		sub->state = SUB_LIVE;
}

static void read_page(struct hub_subscription *sub)
{
	struct hub_op *op = hub_op_new(sub->hub, sub->org, NULL, NULL);
	bool from_now = sub->seq == EVENTS_FROM_NOW;
	struct hub_batch batch = { 0 };

	sub->state = SUB_READING;
	sub->is_stale = false;
	op->link = sub->number;
	op->done = handle_page;
	BATCH_ADD(&batch, STORE_ANY, "SELECT MIN(seq), MAX(seq) FROM events WHERE org = $1",
		  store_text(sub->org));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT seq, kind, data, time FROM events WHERE org = $1 AND seq > $2"
		  " ORDER BY seq LIMIT $3",
		  store_text(sub->org), store_int(from_now ? INT64_MAX : (int64_t)sub->seq),
		  store_int(PAGE_ROWS));
	hub_op_submit(op, &batch);
}

static bool has_room(const struct hub *hub, const char *org)
{
	unsigned n = 0;

	for (const struct hub_subscription *sub = hub->subscriptions; sub; sub = sub->next)
		n += strcmp(sub->org, org) == 0;
	return n < EVENTS_MAX_SUBSCRIBERS_OF_ORG &&
	       hub->counters.subscribers < EVENTS_MAX_SUBSCRIBERS;
}

struct hub_subscription *hub_subscribe(struct hub *hub, const struct hub_subscriber *subscriber,
				       struct error *err)
{
	struct hub_subscription *sub;

	if (!has_room(hub, subscriber->org)) {
		error_set(err, -EBUSY, "too many watch already");
		return NULL;
	}
	sub = calloc(1, sizeof(*sub));
	if (!sub)
		abort();
	sub->hub = hub;
	sub->face = *subscriber;
	text_format(sub->org, sizeof(sub->org), "%s", subscriber->org);
	text_format(sub->agent, sizeof(sub->agent), "%s",
		    subscriber->agent ? subscriber->agent : "");
	sub->number = ++hub->next_link;
	sub->seq = subscriber->after_seq;
	if (sub->seq > INT64_MAX)
		sub->seq = EVENTS_FROM_NOW;
	sub->next = hub->subscriptions;
	hub->subscriptions = sub;
	hub->counters.subscribers++;
	read_page(sub);
	return sub;
}

void hub_subscription_resume(struct hub_subscription *sub)
{
	if (sub->state == SUB_BLOCKED)
		read_page(sub);
}

void subscriptions_drop(struct hub *hub)
{
	while (hub->subscriptions)
		free_subscription(hub->subscriptions);
}

static void handle_published(struct hub_op *op, const struct store_result *result,
			     const struct error *err)
{
	hub_op_tell(op, result, err);
}

void hub_publish(struct hub *hub, const struct hub_news *news, store_done *done, void *data)
{
	struct hub_op *op = hub_op_new(hub, news->org, NULL, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_published;
	op->user_done = done;
	op->user = data;
	hub_batch_event(&batch, op, news->kind, news->data);
	if (strlen(op->event) > EVENTS_DATA_MAX_BYTES) {
		free(op->event);
		op->event = strdup("{\"truncated\":true}");
		if (!op->event)
			abort();
		batch.values[3] = store_text(op->event);
	}
	hub_op_submit(op, &batch);
}
