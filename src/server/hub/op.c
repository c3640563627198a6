/* Batches for the store: made, sent, and what follows when they are done. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/hub/relay_internal.h"

#define EVENTS_PRUNE_EVERY 500

struct hub_op *hub_op_new(struct hub *hub, const char *org, const char *agent, const char *call)
{
	struct hub_op *op = calloc(1, sizeof(*op));

	if (!op)
		abort();
	op->hub = hub;
	text_copy(op->org, sizeof(op->org), org);
	text_copy(op->agent, sizeof(op->agent), agent ? agent : "");
	text_copy(op->call, sizeof(op->call), call ? call : "");
	return op;
}

static void free_op(struct hub_op *op)
{
	json_decref(op->json);
	free(op->event);
	free(op->note);
	free(op->notice);
	free(op);
}

void hub_batch_add(struct hub_batch *batch, enum store_expect expect, const char *sql,
		   const struct store_value *values, unsigned n)
{
	struct store_value *params = batch->values + batch->n_values;

	assert(batch->n_steps < HUB_BATCH_STEPS && batch->n_values + n <= HUB_BATCH_VALUES);
	if (n)
		memcpy(params, values, n * sizeof(*values));
	batch->n_values += n;
	batch->steps[batch->n_steps++] = (struct store_step) {
		.sql = sql, .params = params, .n_params = n, .expect = expect
	};
}

void hub_batch_event(struct hub_batch *batch, struct hub_op *op, const char *kind, json_t *data)
{
	hub_batch_event_text(batch, op, kind, json_canonical(data));
	json_decref(data);
}

void hub_batch_event_text(struct hub_batch *batch, struct hub_op *op, const char *kind, char *data)
{
	op->kind = kind;
	op->event = data;
	/*
	 * INSERT ... SELECT from the same table and RETURNING would each make SQLite a table
	 * of its own. Nobody can have made a later event before this one is committed.
	 */
	BATCH_ADD(batch, STORE_SOME,
		  "INSERT INTO events (org, seq, time, kind, data) VALUES ($1,"
		  " (SELECT COALESCE(MAX(seq), 0) + 1 FROM events WHERE org = $1), $2, $3, $4)",
		  store_text(op->org), store_int((int64_t)clock_wall_ns()), store_text(kind),
		  store_text(op->event));
	op->event_step = batch->n_steps;
	BATCH_ADD(batch, STORE_SOME, "SELECT MAX(seq) FROM events WHERE org = $1",
		  store_text(op->org));
}

static void prune_events(struct hub *hub, const char *org, int64_t seq)
{
	struct hub_batch batch = { 0 };

	if (seq % EVENTS_PRUNE_EVERY || seq <= EVENTS_KEPT)
		return;
	BATCH_ADD(&batch, STORE_ANY, "DELETE FROM events WHERE org = $1 AND seq <= $2",
		  store_text(org), store_int(seq - EVENTS_KEPT));
	hub_op_submit(hub_op_new(hub, org, NULL, NULL), &batch);
}

static void tell_event(struct hub_op *op, const struct store_result *result)
{
	const struct store_rows *rows = &result->steps[op->event_step];
	struct hub_event event = {
		.seq = (uint64_t)store_int_at(rows, 0, 0),
		.kind = op->kind,
		.data = op->event,
		.time_ns = clock_wall_ns(),
	};

	op->hub->counters.events++;
	events_tell(op->hub, op->org, &event);
	prune_events(op->hub, op->org, (int64_t)event.seq);
}

static void unlink_op(struct hub_op *op)
{
	*op->at = op->next;
	if (op->next)
		op->next->at = op->at;
	op->hub->n_ops--;
}

static bool is_surprise(const struct error *err)
{
	return err && err->code != -ENOENT && err->code != -EEXIST;
}

static void handle_done(const struct store_result *result, const struct error *err, void *data)
{
	struct hub_op *op = data;
	struct hub *hub = op->hub;

	if (is_surprise(err)) {
		hub->counters.store_failures++;
		log_warn("the store refused a batch: %s", err->text);
	}
	if (result && op->kind)
		tell_event(op, result);
	if (op->done)
		op->done(op, result, err);
	unlink_op(op);
	free_op(op);
	turns_go_on(hub);
	hub_check_ended(hub);
}

static void submit(struct hub_op *op, const struct hub_batch *batch, const char *org)
{
	struct hub *hub = op->hub;
	struct store_batch wire = { .org = org, .steps = batch->steps, .n_steps = batch->n_steps };

	if (!op->notice)
		op->notice = relay_format(op);
	hub->counters.hints += op->notice != NULL;
	wire.notice = op->notice;
	op->next = hub->ops;
	op->at = &hub->ops;
	if (op->next)
		op->next->at = &op->next;
	hub->ops = op;
	hub->n_ops++;
	op->ticket = store_submit(hub->config.store, &wire, handle_done, op);
}

void hub_op_submit(struct hub_op *op, const struct hub_batch *batch)
{
	submit(op, batch, op->org);
}

void hub_op_submit_every_org(struct hub_op *op, const struct hub_batch *batch)
{
	submit(op, batch, STORE_EVERY_ORG);
}

void hub_op_tell(struct hub_op *op, const struct store_result *result, const struct error *err)
{
	if (op->user_done)
		op->user_done(result, err, op->user);
}

void hub_ops_drop(struct hub *hub)
{
	while (hub->ops) {
		struct hub_op *op = hub->ops;

		store_forget(hub->config.store, op->ticket);
		unlink_op(op);
		free_op(op);
	}
}
