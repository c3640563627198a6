#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/notify/outbox_internal.h"

#define LOOK_S 30 /* for what other servers left; what is ours is looked for when it is due */
#define LOOK_SOON_S 1

static const char resume_sql[] =
	"UPDATE deliveries SET state = 'waiting', uncertain = 1, owner = NULL, lease = NULL "
	"WHERE state = 'sending' AND owner = $1";
static const char expire_sql[] =
	"UPDATE deliveries SET state = 'waiting', uncertain = 1, owner = NULL, lease = NULL "
	"WHERE state = 'sending' AND lease < $1";
/* Only the first of each destination and incident: the others wait for its end. */
static const char due_sql[] =
	"SELECT d.org, d.id FROM deliveries d WHERE d.state = 'waiting' AND d.due <= $1 "
	"AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.org = d.org "
	"AND e.destination = d.destination AND e.incident = d.incident AND e.seq < d.seq "
	"AND e.state IN ('waiting', 'sending')) ORDER BY d.due, d.seq LIMIT $2";
static const char next_sql[] =
	"SELECT min(due) FROM deliveries WHERE state = 'waiting' AND due > $1";

int64_t outbox_now(const struct outbox *outbox)
{
	return (int64_t)(outbox->config.now_ns ? outbox->config.now_ns() : clock_wall_ns());
}

static void set_timer(struct outbox *outbox, int64_t delay_ns)
{
	int64_t most = LOOK_S * (int64_t)NS_PER_SEC;
	int64_t ns = delay_ns < most ? delay_ns : most;
	struct timeval delay;

	ns = ns > 0 ? ns : 0;
	delay.tv_sec = (time_t)(ns / (int64_t)NS_PER_SEC);
	delay.tv_usec = (suseconds_t)(ns % (int64_t)NS_PER_SEC / 1000 + 1);
	(void)event_add(outbox->timer, &delay);
}

static void handle_looked(const struct store_result *result, const struct error *err, void *data)
{
	struct outbox *outbox = data;
	const struct store_rows *due, *next;
	int64_t at;

	outbox->ticket = 0;
	if (err) {
		set_timer(outbox, LOOK_SOON_S * (int64_t)NS_PER_SEC);
		return;
	}
	due = &result->steps[1];
	next = &result->steps[2];
	for (unsigned i = 0; i < due->n_rows && outbox->n_flights < OUTBOX_MAX_OPEN; i++)
		outbox_claim(outbox, store_text_at(due, i, 0), store_text_at(due, i, 1));
	at = store_int_at(next, 0, 0);
	set_timer(outbox, at ? at - outbox_now(outbox) : INT64_MAX);
	if (outbox->must_look)
		outbox_look(outbox);
}

void outbox_look(struct outbox *outbox)
{
	int64_t now = outbox_now(outbox);
	const struct store_value at = store_int(now);
	const struct store_value due[] = { at, store_int(OUTBOX_MAX_OPEN) };
	const struct store_step steps[] = {
		{ expire_sql, &at, 1, STORE_ANY },
		{ due_sql, due, ARRAY_LEN(due), STORE_ANY },
		{ next_sql, &at, 1, STORE_ANY },
	};

	/* One that cannot start more is followed by another when a flight ends. */
	outbox->must_look = outbox->ticket != 0;
	if (!outbox->is_started || outbox->ticket || outbox->n_flights >= OUTBOX_MAX_OPEN)
		return;
	outbox->ticket = store_submit(outbox->config.store,
				      &(struct store_batch) {
					      .org = STORE_EVERY_ORG,
					      .steps = steps,
					      .n_steps = ARRAY_LEN(steps),
				      },
				      handle_looked, outbox);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	outbox_look(data);
}

struct outbox *outbox_new(const struct outbox_config *config)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox)
		abort();
	*outbox = (struct outbox) { .config = *config };
	TAILQ_INIT(&outbox->flights);
	outbox->timer = event_new(config->base, -1, 0, handle_timer, outbox);
	if (!outbox->timer)
		abort();
	return outbox;
}

void outbox_free(struct outbox *outbox)
{
	struct flight *flight;

	if (!outbox)
		return;
	while ((flight = TAILQ_FIRST(&outbox->flights)) != NULL)
		flight_discard(flight);
	if (outbox->ticket)
		store_forget(outbox->config.store, outbox->ticket);
	event_free(outbox->timer);
	free(outbox);
}

static void handle_resumed(const struct store_result *result, const struct error *err, void *data)
{
	struct outbox *outbox = data;

	outbox->ticket = 0;
	if (err) {
		log_warn("deliveries cannot go on yet: %s", err->text);
		outbox->is_started = false;
		return;
	}
	if (result->steps[0].n_changed)
		log_info("%lld deliveries were under way when the server ended",
			 (long long)result->steps[0].n_changed);
	outbox_look(outbox);
}

struct store_step outbox_take_step(const char *from, struct store_value room[OUTBOX_TAKE_PARAMS])
{
	room[0] = store_text(from);
	return (struct store_step) { resume_sql, room, OUTBOX_TAKE_PARAMS, STORE_ANY };
}

void outbox_start(struct outbox *outbox)
{
	struct store_value owner[OUTBOX_TAKE_PARAMS];
	const struct store_step step = outbox_take_step(outbox->config.owner, owner);

	/* The store came back: what is in hand here still is. */
	if (outbox->is_started) {
		outbox_look(outbox);
		return;
	}
	outbox->is_started = true;
	outbox->ticket = store_submit(outbox->config.store,
				      &(struct store_batch) {
					      .org = STORE_EVERY_ORG,
					      .steps = &step,
					      .n_steps = 1,
				      },
				      handle_resumed, outbox);
}

const struct outbox_counters *outbox_counters(const struct outbox *outbox)
{
	return &outbox->counters;
}

void outbox_metrics(const struct outbox *outbox, struct buf *page)
{
	meter_write(&outbox->meter, page);
	buf_add_format(page,
		       "# TYPE constable_deliveries_open gauge\nconstable_deliveries_open %u\n",
		       outbox->counters.open);
}
