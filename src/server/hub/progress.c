/*
 * What a call says while it runs, for those who watch it at another server. It is no part of its
 * outcome, which has all of it: beyond HUB_MAX_PROGRESS on their way to the store it is not told
 * there, and nothing of it is kept for longer than a minute.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/hub/relay_internal.h"

#define HUB_MAX_PROGRESS 64
#define KEPT_NS (60 * NS_PER_SEC)

static void handle_kept(struct hub_op *op, const struct store_result *result UNUSED,
			const struct error *err UNUSED)
{
	op->hub->n_progress--;
}

void progress_relay(struct hub *hub, const char *org, const char *data)
{
	uint64_t now_ns = clock_wall_ns();
	struct hub_op *op;
	struct hub_batch batch = { 0 };
	char nonce[NONCE_TEXT_BYTES];

	if (!hub->has_company)
		return;
	if (hub->n_progress == HUB_MAX_PROGRESS) {
		hub->counters.progress_dropped++;
		return;
	}
	hub->n_progress++;
	op = hub_op_new(hub, org, NULL, NULL);
	op->done = handle_kept;
	text_format(op->call, sizeof(op->call), "p_%.24s", nonce_make(nonce));
	op->notice = json_fill("[\"progress\",$s,\"\",$s,\"\"]", org, op->call);
	BATCH_ADD(&batch, STORE_SOME,
		  "INSERT INTO progress (org, id, time, data) VALUES ($1, $2, $3, $4)",
		  store_text(org), store_text(op->call), store_int((int64_t)now_ns),
		  store_text(data));
	BATCH_ADD(&batch, STORE_ANY, "DELETE FROM progress WHERE org = $1 AND time < $2",
		  store_text(org), store_int((int64_t)(now_ns - KEPT_NS)));
	hub_op_submit(op, &batch);
}

static void handle_read(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	struct hub_event event = { .kind = "progress" };

	if (err || !result->steps[0].n_rows)
		return;
	event.data = store_text_at(&result->steps[0], 0, 0);
	event.time_ns = (uint64_t)store_int_at(&result->steps[0], 0, 1);
	events_tell(op->hub, op->org, &event);
}

void progress_hear(struct hub *hub, const struct hub_hint *hint)
{
	struct hub_op *op;
	struct hub_batch batch = { 0 };

	if (!events_are_watched(hub, hint->org))
		return;
	op = hub_op_new(hub, hint->org, NULL, hint->call);
	op->done = handle_read;
	BATCH_ADD(&batch, STORE_ANY, "SELECT data, time FROM progress WHERE org = $1 AND id = $2",
		  store_text(op->org), store_text(op->call));
	hub_op_submit(op, &batch);
}
