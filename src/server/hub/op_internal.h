/*
 * Batches for the store: being made (hub_batch), and on their way (hub_op).
 *
 * An op knows its link by number only: it may be gone when the batch is done.
 */
#pragma once

#include "server/hub/hub_internal.h"

/* A batch being made. */
#define HUB_BATCH_STEPS 8
#define HUB_BATCH_VALUES 48

struct hub_batch {
	struct store_step steps[HUB_BATCH_STEPS];
	struct store_value values[HUB_BATCH_VALUES];
	unsigned n_steps, n_values;
};

/* And on its way. 'done' frees nothing: the op goes after it. */
struct call_note;

struct hub_op {
	struct hub *hub;
	struct hub_op *next, **at;
	uint64_t ticket;
	void (*done)(struct hub_op *op, const struct store_result *result, const struct error *err);
	char org[HUB_ID_BYTES], agent[HUB_ID_BYTES], call[HUB_ID_BYTES];
	uint64_t link;
	json_t *json;           /* what 'done' wants */
	struct call_note *note; /* of a call being submitted */
	const char *state;      /* an outcome */
	const char *hint;       /* what others are told of the call beside an event, or NULL */
	char *notice;           /* for others; else made of the above */
	const char *kind;       /* of the event in the batch, or NULL */
	char *event;            /* its data */
	unsigned event_step;
	store_done *user_done;
	hub_submitted *submitted;
	hub_fetched *fetched;
	void *user;
};

struct hub_op *hub_op_new(struct hub *hub, const char *org, const char *agent, const char *call);
void hub_batch_add(struct hub_batch *batch, enum store_expect expect, const char *sql,
		   const struct store_value *values, unsigned n);
#define BATCH_ADD(batch, expect, sql, ...)                                              \
	hub_batch_add(batch, expect, sql, (const struct store_value[]) { __VA_ARGS__ }, \
		      ARRAY_LEN(((const struct store_value[]) { __VA_ARGS__ })))
/* Adds the event's steps, and tells subscribers once it is stored. Takes 'data' over. */
void hub_batch_event(struct hub_batch *batch, struct hub_op *op, const char *kind, json_t *data);
/* The same with the event's data as canonical text. */
void hub_batch_event_text(struct hub_batch *batch, struct hub_op *op, const char *kind, char *data);
void hub_op_submit(struct hub_op *op, const struct hub_batch *batch);
void hub_op_submit_every_org(struct hub_op *op, const struct hub_batch *batch);
void hub_ops_drop(struct hub *hub);
/* Hands the batch's answer to the caller of the hub. */
void hub_op_tell(struct hub_op *op, const struct store_result *result, const struct error *err);
