#include "server/store/wire.h"

#include <assert.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they are");

static void add_u8(struct buf *out, uint8_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_u16(struct buf *out, uint16_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_u32(struct buf *out, uint32_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_u64(struct buf *out, uint64_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_text(struct buf *out, const char *text, size_t len)
{
	add_u32(out, (uint32_t)len);
	buf_add(out, text, len);
	buf_add(out, "", 1);
}

static void add_int_value(struct buf *out, int64_t integer)
{
	char bytes[1 + sizeof(integer)] = { STORE_INT };

	memcpy(bytes + 1, &integer, sizeof(integer));
	buf_add(out, bytes, sizeof(bytes));
}

static void add_text_value(struct buf *out, const char *text, size_t len)
{
	uint32_t size = (uint32_t)len;
	char head[1 + sizeof(size)] = { STORE_TEXT };

	memcpy(head + 1, &size, sizeof(size));
	buf_add(out, head, sizeof(head));
	buf_add(out, text, len);
	buf_add(out, "", 1);
}

static void add_value(struct buf *out, const struct store_value *value)
{
	if (value->kind == STORE_INT)
		add_int_value(out, value->integer);
	else if (value->kind == STORE_TEXT)
		add_text_value(out, value->text.data, value->text.len);
	else
		add_u8(out, STORE_NULL);
}

/* Returns where the message begins; its length is filled in at the end. */
static size_t start_message(struct buf *out, enum wire_type type, uint64_t ticket)
{
	size_t at = out->len;

	add_u32(out, 0);
	add_u8(out, (uint8_t)type);
	add_u64(out, ticket);
	return at;
}

static void end_message(struct buf *out, size_t at)
{
	uint32_t len = (uint32_t)(out->len - at - sizeof(uint32_t));

	assert(!out->dropped);
	memcpy(out->data + at, &len, sizeof(len));
}

void wire_encode_text(struct buf *out, enum wire_type type, uint64_t ticket, const char *text)
{
	size_t at = start_message(out, type, ticket);

	add_text(out, text, strlen(text));
	end_message(out, at);
}

void wire_encode_batch(struct buf *out, uint64_t ticket, const struct store_batch *batch,
		       uint64_t deadline_ns)
{
	enum wire_type type = batch->is_question ? WIRE_QUESTION : WIRE_BATCH;
	size_t at = start_message(out, type, ticket);

	add_u64(out, deadline_ns);
	add_text(out, batch->org, strlen(batch->org));
	add_u16(out, (uint16_t)batch->n_steps);
	for (unsigned i = 0; i < batch->n_steps; i++) {
		const struct store_step *step = &batch->steps[i];

		add_u8(out, (uint8_t)step->expect);
		add_text(out, step->sql, strlen(step->sql));
		add_u16(out, (uint16_t)step->n_params);
		for (unsigned n = 0; n < step->n_params; n++)
			add_value(out, &step->params[n]);
	}
	if (batch->notice)
		add_text(out, batch->notice, strlen(batch->notice));
	end_message(out, at);
}

void wire_encode_failure(struct buf *out, enum wire_type type, uint64_t ticket,
			 const struct wire_failure *failure)
{
	size_t at = start_message(out, type, ticket);

	add_u32(out, (uint32_t)-failure->code);
	add_u8(out, (uint8_t)failure->finality);
	add_text(out, failure->text, strlen(failure->text));
	end_message(out, at);
}

void wire_start_result(struct wire_writer *writer, struct buf *out, uint64_t ticket)
{
	*writer = (struct wire_writer) { .out = out };
	writer->at = start_message(out, WIRE_RESULT, ticket);
	add_u16(out, 0);
}

void wire_start_step(struct wire_writer *writer, unsigned n_columns)
{
	writer->step_at = writer->out->len;
	add_u64(writer->out, 0);
	add_u16(writer->out, (uint16_t)n_columns);
	add_u32(writer->out, 0);
}

void wire_add_null(struct wire_writer *writer)
{
	add_u8(writer->out, STORE_NULL);
}

void wire_add_int(struct wire_writer *writer, int64_t integer)
{
	add_int_value(writer->out, integer);
}

void wire_add_text(struct wire_writer *writer, const char *text, size_t len)
{
	add_text_value(writer->out, text, len);
}

void wire_end_step(struct wire_writer *writer, unsigned n_rows, int64_t n_changed)
{
	char *step = writer->out->data + writer->step_at;
	uint32_t rows = n_rows;

	memcpy(step, &n_changed, sizeof(n_changed));
	memcpy(step + sizeof(uint64_t) + sizeof(uint16_t), &rows, sizeof(rows));
	writer->n_steps++;
}

void wire_end_result(struct wire_writer *writer)
{
	uint16_t n = (uint16_t)writer->n_steps;

	memcpy(writer->out->data + writer->at + sizeof(uint32_t) + 1 + sizeof(uint64_t), &n,
	       sizeof(n));
	end_message(writer->out, writer->at);
}

size_t wire_result_bytes(const struct wire_writer *writer)
{
	return writer->out->len - writer->at;
}
