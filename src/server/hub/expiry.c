/*
 * Calls whose deadline has passed. One timer, for the next of them; the store finds
 * them. What cannot have started expires; what may have is looked at again later, until
 * its agent is given up.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

#define SWEEP_ROWS 256
#define HELD_AGAIN_NS (60 * NS_PER_SEC)
#define COLUMNS                                                          \
	"c.org, c.id, c.agent, c.adrift, c.deadline, c.state,"           \
	" COALESCE(a.server, ''), a.fence FROM calls c JOIN agents a ON" \
	" a.org = c.org AND a.id = c.agent"

void expiry_note(struct hub *hub, uint64_t deadline_ns)
{
	uint64_t now_ns = clock_wall_ns();
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	struct timeval delay = { .tv_sec = (time_t)(left_ns / NS_PER_SEC),
				 .tv_usec = (suseconds_t)(left_ns % NS_PER_SEC / 1000) + 1 };

	if (hub->is_ending || (hub->expiry_wall_ns && hub->expiry_wall_ns <= deadline_ns))
		return;
	hub->expiry_wall_ns = deadline_ns;
	(void)event_add(hub->expiry_timer, &delay);
}

static void give_up(struct hub *hub, struct hub_ending *ending)
{
	ending->state = "interrupted";
	ending->code = -EHOSTDOWN;
	ending->error = "its agent has not come back to say how it ended";
	outcome_end(hub, ending);
}

enum due {
	DUE_ENDED,
	DUE_HELD,      /* it has to be looked at again */
	DUE_ELSEWHERE, /* and by another server */
};

static enum due end_due(struct hub *hub, const struct store_rows *rows, unsigned row)
{
	const struct hub_claim claim = {
		.server = store_text_at(rows, row, 6),
		.fence = store_int_at(rows, row, 7),
		.adrift = store_int_at(rows, row, 3),
	};
	struct hub_ending ending = {
		.org = store_text_at(rows, row, 0),
		.call = store_text_at(rows, row, 1),
		.agent = store_text_at(rows, row, 2),
		.state = "expired",
		.code = -ETIMEDOUT,
		.error = "its deadline passed before it could start",
		.claim = &claim,
		.was = store_text_at(rows, row, 5),
	};
	uint64_t deadline_ns = (uint64_t)store_int_at(rows, row, 4);
	bool waits = strcmp(ending.was, "waiting_approval") == 0;
	const struct hub_entry *entry = hub_find(hub, ending.org, ending.agent);
	const struct hub_flight *flight = entry ? flight_find(entry, ending.call) : NULL;

	if (!waits && !claim_is_ours(hub, claim.server))
		return DUE_ELSEWHERE;
	if (flight && flight->state == FLIGHT_SAVING)
		return DUE_HELD;
	if (waits) {
		ending.error = "nobody approved it in time";
		ending.claim = NULL;
	}
	if (waits || !call_may_have_started(entry, ending.call, claim.adrift)) {
		outcome_end(hub, &ending);
		return DUE_ENDED;
	}
	if (deadline_ns + HUB_LOST_NS > clock_wall_ns())
		return DUE_HELD;
	give_up(hub, &ending);
	return DUE_ENDED;
}

static void handle_due(struct hub_op *op, const struct store_result *result,
		       const struct error *err)
{
	struct hub *hub = op->hub;
	const struct store_rows *rows;
	int64_t next;
	bool again = false, is_elsewhere = false;

	hub->is_sweeping = 0;
	if (err) {
		expiry_note(hub, clock_wall_ns() + NS_PER_SEC);
		return;
	}
	rows = &result->steps[0];
	for (unsigned i = 0; i < rows->n_rows; i++) {
		enum due due = end_due(hub, rows, i);

		again |= due != DUE_ENDED;
		is_elsewhere |= due == DUE_ELSEWHERE;
	}
	if (is_elsewhere && !hub->is_told_due)
		relay_hint(hub, "due", &(struct hub_hint) { "", "", "", "" });
	hub->is_told_due = 0;
	for (unsigned i = 0; i < result->steps[1].n_rows; i++)
		(void)end_due(hub, &result->steps[1], i);
	if (rows->n_rows == SWEEP_ROWS) {
		hub->swept_deadline = store_int_at(rows, rows->n_rows - 1, 4);
		expiry_note(hub, clock_wall_ns());
		return;
	}
	hub->swept_deadline = 0;
	if (again)
		expiry_note(hub, clock_wall_ns() + HELD_AGAIN_NS);
	next = store_int_at(&result->steps[2], 0, 0);
	if (next)
		expiry_note(hub, (uint64_t)next);
}

static void sweep(struct hub *hub)
{
	struct hub_op *op = hub_op_new(hub, STORE_EVERY_ORG, NULL, NULL);
	int64_t now = (int64_t)clock_wall_ns();
	struct hub_batch batch = { 0 };

	op->done = handle_due;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT " COLUMNS " WHERE finished IS NULL AND deadline >= $1"
		  " AND deadline <= $2 ORDER BY deadline LIMIT $3",
		  store_int(hub->swept_deadline), store_int(now), store_int(SWEEP_ROWS));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT " COLUMNS " WHERE finished IS NULL AND deadline <= $1"
		  " ORDER BY deadline LIMIT $2",
		  store_int(now - (int64_t)HUB_LOST_NS), store_int(SWEEP_ROWS));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT MIN(deadline) FROM calls WHERE finished IS NULL AND deadline > $1",
		  store_int(now));
	hub_op_submit_every_org(op, &batch);
}

void expiry_handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub *hub = data;

	hub->expiry_wall_ns = 0;
	if (hub->is_ending || hub->is_sweeping)
		return;
	hub->is_sweeping = 1;
	sweep(hub);
}

/* Who told us looks at them as well: it is not told back. */
void expiry_hear(struct hub *hub)
{
	hub->is_told_due = 1;
	expiry_note(hub, clock_wall_ns());
}
