/*
 * What crosses between the server and constable-store: length-framed messages.
 *
 *	u32 length of the rest, u8 type, u64 ticket, then by type (little endian):
 *	OPEN, BACKUP    text
 *	BATCH           u64 deadline on the monotonic clock, text org, u16 n,
 *	                n x (u8 expect, text sql, u16 n, n x value), and a text where
 *	                others are to have a notice
 *	NOTICE          text: another server's
 *	QUESTION        as BATCH: one that is answered before those that came with it
 *	STATE, FAILURE  u32 code (positive errno, 0 for ready), u8 finality, text
 *	RESULT          u16 n, n x (u64 n_changed, u16 n_columns, u32 n_rows, values)
 *
 *	text   u32 length, bytes, NUL
 *	value  u8 kind, then u64 or text
 *
 * Both sides check all of it: neither may be harmed by the other gone mad. What is
 * decoded points into the message.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "server/store/batch.h"

enum wire_type {
	WIRE_OPEN,
	WIRE_BATCH,
	WIRE_BACKUP,
	WIRE_STATE,
	WIRE_FAILURE,
	WIRE_RESULT,
	WIRE_QUESTION,
	WIRE_NOTICE,
	WIRE_N,
};

#define WIRE_MAX_BYTES (STORE_MAX_BATCH_BYTES + 64 * KIB)

struct wire_message {
	enum wire_type type;
	uint64_t ticket;
	struct str body; /* borrowed */
};

/* The first message of 'bytes': its size with the frame, 0 if more is needed, -EBADMSG. */
ssize_t wire_decode(const char *bytes, size_t len, struct wire_message *message_out);

struct wire_batch {
	struct store_batch batch;
	uint64_t deadline_ns; /* an instant of the monotonic clock */

	/* private */
	struct store_step steps[STORE_MAX_STEPS];
	struct store_value params[STORE_MAX_STEPS * STORE_MAX_PARAMS];
};

enum wire_finality {
	WIRE_PASSING,
	WIRE_FINAL, /* no other attempt will help */
};

struct wire_failure {
	int code; /* negative errno, or 0 */
	enum wire_finality finality;
	const char *text;
};

struct wire_result {
	struct store_result result;

	/* private */
	unsigned n_begun; /* of the following */
	struct store_rows rows[STORE_MAX_STEPS];
	struct store_value *values[STORE_MAX_STEPS];
};

/* 0 or -EBADMSG; nothing is to be finished but a result. */
int wire_decode_text(struct str body, const char **text_out) MUST_CHECK;
int wire_decode_batch(struct str body, struct wire_batch *batch_out) MUST_CHECK;
int wire_decode_failure(struct str body, struct wire_failure *failure_out) MUST_CHECK;
int wire_decode_result(struct str body, struct wire_result *result_out) MUST_CHECK;
void wire_result_finish(struct wire_result *result);

/* Each appends one message to 'out', which must have room for it. */
void wire_encode_text(struct buf *out, enum wire_type type, uint64_t ticket, const char *text);
void wire_encode_batch(struct buf *out, uint64_t ticket, const struct store_batch *batch,
		       uint64_t deadline_ns);
void wire_encode_failure(struct buf *out, enum wire_type type, uint64_t ticket,
			 const struct wire_failure *failure);

/* A result is written as its rows come: start, {step, values, step_end} per step, end. */
struct wire_writer {
	struct buf *out;
	size_t at, step_at;
	unsigned n_steps;
};

void wire_start_result(struct wire_writer *writer, struct buf *out, uint64_t ticket);
void wire_start_step(struct wire_writer *writer, unsigned n_columns);
void wire_add_null(struct wire_writer *writer);
void wire_add_int(struct wire_writer *writer, int64_t integer);
void wire_add_text(struct wire_writer *writer, const char *text, size_t len);
void wire_end_step(struct wire_writer *writer, unsigned n_rows, int64_t n_changed);
void wire_end_result(struct wire_writer *writer);

/* Bytes of this result so far. */
size_t wire_result_bytes(const struct wire_writer *writer);
