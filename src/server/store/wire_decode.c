#include "server/store/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is left of a message. */
struct reader {
	const char *at, *end;
};

static bool take(struct reader *reader, void *value_out, size_t size)
{
	if ((size_t)(reader->end - reader->at) < size)
		return false;
	memcpy(value_out, reader->at, size);
	reader->at += size;
	return true;
}

static bool take_text(struct reader *reader, struct str *text_out)
{
	uint32_t len;

	if (!take(reader, &len, sizeof(len)) || (size_t)(reader->end - reader->at) <= len)
		return false;
	if (reader->at[len] != '\0' || memchr(reader->at, '\0', len))
		return false;
	*text_out = (struct str) { reader->at, len };
	reader->at += (size_t)len + 1;
	return true;
}

static bool take_value(struct reader *reader, struct store_value *value_out)
{
	uint8_t kind;
	int64_t integer;
	struct str text;

	if (!take(reader, &kind, sizeof(kind)))
		return false;
	switch (kind) {
	case STORE_NULL:
		*value_out = store_null();
		return true;
	case STORE_INT:
		if (!take(reader, &integer, sizeof(integer)))
			return false;
		*value_out = store_int(integer);
		return true;
	case STORE_TEXT:
		if (!take_text(reader, &text) || text.len > STORE_MAX_TEXT_BYTES)
			return false;
		*value_out = store_str(text);
		return true;
	default:
		return false;
	}
}

static struct reader read_body(struct str body)
{
	return (struct reader) { body.data, body.data + body.len };
}

ssize_t wire_decode(const char *bytes, size_t len, struct wire_message *message_out)
{
	struct reader reader = { bytes, bytes + len };
	uint32_t size;
	uint8_t type;

	if (!take(&reader, &size, sizeof(size)))
		return 0;
	if (size > WIRE_MAX_BYTES || size < 1 + sizeof(uint64_t))
		return -EBADMSG;
	if (len - sizeof(size) < size)
		return 0;
	reader.end = reader.at + size;
	if (!take(&reader, &type, sizeof(type)) || type >= WIRE_N ||
	    !take(&reader, &message_out->ticket, sizeof(message_out->ticket)))
		return -EBADMSG;
	message_out->type = (enum wire_type)type;
	message_out->body = (struct str) { reader.at, (size_t)(reader.end - reader.at) };
	return (ssize_t)(sizeof(size) + size);
}

int wire_decode_text(struct str body, const char **text_out)
{
	struct reader reader = read_body(body);
	struct str text;

	if (!take_text(&reader, &text) || reader.at != reader.end)
		return -EBADMSG;
	*text_out = text.data;
	return 0;
}

static bool take_step(struct reader *reader, struct store_step *step, struct store_value *params)
{
	uint8_t expect;
	uint16_t n;
	struct str sql;

	if (!take(reader, &expect, sizeof(expect)) || expect > STORE_NONE ||
	    !take_text(reader, &sql) || sql.len > STORE_MAX_SQL_BYTES ||
	    !take(reader, &n, sizeof(n)) || n > STORE_MAX_PARAMS)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!take_value(reader, &params[i]))
			return false;
	*step = (struct store_step) { sql.data, params, n, (enum store_expect)expect };
	return true;
}

int wire_decode_batch(struct str body, struct wire_batch *out)
{
	struct reader reader = read_body(body);
	unsigned n_params = 0;
	struct str notice = { 0 };
	struct str org;
	uint16_t n;

	if (!take(&reader, &out->deadline_ns, sizeof(out->deadline_ns)) ||
	    !take_text(&reader, &org) || !take(&reader, &n, sizeof(n)) || n > STORE_MAX_STEPS)
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++) {
		if (!take_step(&reader, &out->steps[i], &out->params[n_params]))
			return -EBADMSG;
		n_params += out->steps[i].n_params;
	}
	if (reader.at != reader.end &&
	    (!take_text(&reader, &notice) || notice.len > STORE_MAX_NOTICE_BYTES ||
	     reader.at != reader.end))
		return -EBADMSG;
	out->batch = (struct store_batch) {
		.org = org.data, .steps = out->steps, .n_steps = n, .notice = notice.data
	};
	return 0;
}

int wire_decode_failure(struct str body, struct wire_failure *out)
{
	struct reader reader = read_body(body);
	uint8_t finality;
	uint32_t code;
	struct str text;

	if (!take(&reader, &code, sizeof(code)) || code > 4095 ||
	    !take(&reader, &finality, sizeof(finality)) || finality > WIRE_FINAL ||
	    !take_text(&reader, &text) || reader.at != reader.end)
		return -EBADMSG;
	*out = (struct wire_failure) { -(int)code, (enum wire_finality)finality, text.data };
	return 0;
}

/* Each value is a byte at least, so what is left bounds how many there can be. */
static struct store_value *take_values(struct reader *reader, size_t n)
{
	struct store_value *values;

	if (n > (size_t)(reader->end - reader->at))
		return NULL;
	values = calloc(n, sizeof(*values));
	if (!values)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!take_value(reader, &values[i])) {
			free(values);
			return NULL;
		}
	}
	return values;
}

static bool take_rows(struct reader *reader, struct store_rows *rows,
		      struct store_value **values_out)
{
	uint16_t n_columns;
	uint32_t n_rows;

	if (!take(reader, &rows->n_changed, sizeof(rows->n_changed)) ||
	    !take(reader, &n_columns, sizeof(n_columns)) ||
	    !take(reader, &n_rows, sizeof(n_rows)) || n_rows > STORE_MAX_ROWS)
		return false;
	rows->n_columns = n_columns;
	rows->n_rows = n_rows;
	if (!n_rows || !n_columns)
		return true;
	*values_out = take_values(reader, (size_t)n_rows * n_columns);
	rows->values = *values_out;
	return *values_out;
}

int wire_decode_result(struct str body, struct wire_result *out)
{
	struct reader reader = read_body(body);
	uint16_t n;

	out->n_begun = 0;
	out->result = (struct store_result) { 0 };
	if (!take(&reader, &n, sizeof(n)) || n > STORE_MAX_STEPS)
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++) {
		out->rows[i] = (struct store_rows) { 0 };
		out->values[i] = NULL;
		out->n_begun = i + 1;
		if (!take_rows(&reader, &out->rows[i], &out->values[i])) {
			wire_result_finish(out);
			return -EBADMSG;
		}
	}
	out->result = (struct store_result) { .n_steps = n, .steps = out->rows };
	if (reader.at == reader.end)
		return 0;
	wire_result_finish(out);
	return -EBADMSG;
}

void wire_result_finish(struct wire_result *result)
{
	for (unsigned i = 0; i < result->n_begun; i++)
		free(result->values[i]);
	result->n_begun = 0;
	result->result = (struct store_result) { 0 };
}
