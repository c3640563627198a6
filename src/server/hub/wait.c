/* Those who wait for the outcome of a call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/op_internal.h"

static struct hub_wait **bucket_of(struct hub *hub, const char *call)
{
	uint32_t hash = 2166136261u;

	for (; *call; call++)
		hash = (hash ^ (unsigned char)*call) * 16777619u;
	return &hub->waits[hash % HUB_WAIT_BUCKETS];
}

void hub_wait_cancel(struct hub_wait *wait)
{
	struct hub_wait **at;

	if (!wait->hub)
		return;
	for (at = bucket_of(wait->hub, wait->call); *at && *at != wait; at = &(*at)->next)
		;
	if (*at)
		*at = wait->next;
	(void)event_del(&wait->timer);
	wait->hub = NULL;
}

static struct hub_wait *wait_find(struct hub *hub, const char *call, uint64_t ticket)
{
	struct hub_wait *wait = *bucket_of(hub, call);

	while (wait && wait->ticket != ticket)
		wait = wait->next;
	return wait;
}

static void end(struct hub_wait *wait, const char *state, const struct error *err)
{
	hub_wait_cancel(wait);
	wait->done(wait, state, err);
}

static bool is_end(const struct hub_wait *wait, const char *state)
{
	return hub_is_outcome(state) ||
	       (wait->ends_at_approval && strcmp(state, "waiting_approval") == 0);
}

static void read_state(struct hub_wait *wait);

/* Where it stands: an outcome now, or what it is at the deadline. */
static void handle_read(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	struct hub_wait *wait = wait_find(op->hub, op->call, op->link);
	const char *state = result ? store_text_at(&result->steps[0], 0, 0) : NULL;

	if (!wait)
		return;
	/* The store starts again meanwhile, and what was a question can be asked again. */
	if (err && err->code == -EIO && wait->until_ns > clock_monotonic_ns()) {
		read_state(wait);
		return;
	}
	if (err || is_end(wait, state) || wait->until_ns <= clock_monotonic_ns())
		end(wait, state, err);
}

static void read_state(struct hub_wait *wait)
{
	struct hub_op *op = hub_op_new(wait->hub, wait->org, NULL, wait->call);
	struct hub_batch batch = { 0 };

	op->link = wait->ticket;
	op->done = handle_read;
	BATCH_ADD(&batch, STORE_SOME, "SELECT state FROM calls WHERE org = $1 AND id = $2",
		  store_text(wait->org), store_text(wait->call));
	hub_op_submit(op, &batch);
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub_wait *wait = data;

	/* libevent's clock is coarse: by a better one it may be some milliseconds early. */
	wait->until_ns = 0;
	read_state(wait);
}

void hub_wait(struct hub *hub, struct hub_wait *wait)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = wait->until_ns > now_ns ? wait->until_ns - now_ns : 0;
	struct timeval delay = { .tv_sec = (time_t)(left_ns / NS_PER_SEC),
				 .tv_usec = (suseconds_t)(left_ns % NS_PER_SEC / 1000) + 1 };
	struct hub_wait **bucket = bucket_of(hub, wait->call);

	wait->hub = hub;
	wait->ticket = ++hub->next_wait;
	wait->next = *bucket;
	*bucket = wait;
	if (event_assign(&wait->timer, hub->config.base, -1, 0, handle_deadline, wait) < 0 ||
	    event_add(&wait->timer, &delay) < 0)
		abort();
	if (wait->since == HUB_WAIT_ANY)
		read_state(wait);
}

static struct hub_wait *next_of(struct hub *hub, const char *org, const char *call,
				const char *state)
{
	struct hub_wait *wait = *bucket_of(hub, call);

	while (wait && (strcmp(wait->call, call) != 0 || strcmp(wait->org, org) != 0 ||
			!is_end(wait, state)))
		wait = wait->next;
	return wait;
}

void waits_wake(struct hub *hub, const char *org, const char *call, const char *state)
{
	struct hub_wait *wait;

	while ((wait = next_of(hub, org, call, state)))
		end(wait, state, NULL);
}

void waits_look_at(struct hub *hub, const char *org, const char *call)
{
	for (struct hub_wait *wait = *bucket_of(hub, call); wait; wait = wait->next)
		if (strcmp(wait->call, call) == 0 && strcmp(wait->org, org) == 0)
			read_state(wait);
}

void waits_look(struct hub *hub)
{
	for (unsigned i = 0; i < HUB_WAIT_BUCKETS; i++)
		for (struct hub_wait *wait = hub->waits[i]; wait; wait = wait->next)
			read_state(wait);
}

void waits_drop(struct hub *hub)
{
	for (unsigned i = 0; i < HUB_WAIT_BUCKETS; i++)
		while (hub->waits[i])
			hub_wait_cancel(hub->waits[i]);
}
