/* Between the server and its store: what is taken lies in the message and encodes to it again. */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "server/store/wire.h"

static void check_text(struct str body, struct str text)
{
	assert(text.data >= body.data && text.data + text.len < body.data + body.len);
	assert(text.data[text.len] == '\0' && strlen(text.data) == text.len);
}

static void check_same(const struct wire_message *message, const struct buf *again)
{
	struct wire_message second;

	assert(wire_decode(buf_text(again), again->len, &second) == (ssize_t)again->len);
	assert(second.ticket == message->ticket && second.body.len == message->body.len);
	assert(memcmp(second.body.data, message->body.data, second.body.len) == 0);
}

static void take_batch(const struct wire_message *message, struct buf *again)
{
	static struct wire_batch batch;

	if (wire_decode_batch(message->body, &batch) < 0)
		return;
	assert(batch.batch.n_steps <= STORE_MAX_STEPS);
	for (unsigned i = 0; i < batch.batch.n_steps; i++) {
		const struct store_step *step = &batch.batch.steps[i];

		assert(step->n_params <= STORE_MAX_PARAMS && step->expect <= STORE_NONE);
		for (unsigned n = 0; n < step->n_params; n++)
			if (step->params[n].kind == STORE_TEXT)
				check_text(message->body, step->params[n].text);
	}
	batch.batch.is_question = message->type == WIRE_QUESTION;
	wire_encode_batch(again, message->ticket, &batch.batch, batch.deadline_ns);
	check_same(message, again);
}

static void write_value(struct wire_writer *writer, const struct store_value *value)
{
	if (value->kind == STORE_INT)
		wire_add_int(writer, value->integer);
	else if (value->kind == STORE_TEXT)
		wire_add_text(writer, value->text.data, value->text.len);
	else
		wire_add_null(writer);
}

static void take_result(const struct wire_message *message, struct buf *again)
{
	struct wire_result result;
	struct wire_writer writer;

	if (wire_decode_result(message->body, &result) < 0)
		return;
	wire_start_result(&writer, again, message->ticket);
	for (unsigned i = 0; i < result.result.n_steps; i++) {
		const struct store_rows *rows = &result.result.steps[i];

		wire_start_step(&writer, rows->n_columns);
		for (size_t n = 0; n < (size_t)rows->n_rows * rows->n_columns; n++)
			write_value(&writer, &rows->values[n]);
		wire_end_step(&writer, rows->n_rows, rows->n_changed);
	}
	wire_end_result(&writer);
	wire_result_finish(&result);
	check_same(message, again);
}

static void take_rest(const struct wire_message *message, struct buf *again)
{
	struct wire_failure failure;
	const char *text;

	if (wire_decode_failure(message->body, &failure) == 0) {
		assert(failure.code <= 0 && failure.code > -4096);
		wire_encode_failure(again, message->type, message->ticket, &failure);
		check_same(message, again);
	}
	buf_clear(again);
	if (wire_decode_text(message->body, &text) == 0) {
		wire_encode_text(again, message->type, message->ticket, text);
		check_same(message, again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	for (;;) {
		CLEANUP(buf) struct buf again = { 0 };
		struct wire_message message;
		ssize_t used = wire_decode(at, (size_t)(end - at), &message);

		if (used <= 0) {
			assert(used == 0 || used == -EBADMSG);
			return 0;
		}
		assert(used <= end - at);
		buf_init(&again, WIRE_MAX_BYTES + KIB);
		if (message.type == WIRE_BATCH || message.type == WIRE_QUESTION)
			take_batch(&message, &again);
		else if (message.type == WIRE_RESULT)
			take_result(&message, &again);
		else
			take_rest(&message, &again);
		at += used;
	}
}
