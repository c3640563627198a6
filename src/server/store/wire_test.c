#include "server/store/wire.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static const struct store_value params[] = {
	{ .kind = STORE_TEXT, .text = { "acme", 4 } },
	{ .kind = STORE_INT, .integer = INT64_MIN },
	{ .kind = STORE_NULL },
};
static const struct store_step steps[] = {
	{ "SELECT $1, $2, $3", params, 3, STORE_SOME },
	{ "SELECT 1", NULL, 0, STORE_NONE },
};
static const struct store_batch sample = { .org = "acme", .steps = steps, .n_steps = 2 };

static void encode_result(struct buf *out)
{
	struct wire_writer writer;

	wire_start_result(&writer, out, 7);
	wire_start_step(&writer, 3);
	wire_add_text(&writer, "text", 4);
	wire_add_int(&writer, -1);
	wire_add_null(&writer);
	wire_end_step(&writer, 1, 5);
	wire_start_step(&writer, 0);
	wire_end_step(&writer, 0, 2);
	wire_end_result(&writer);
}

TEST(a_batch_arrives_as_it_was_sent)
{
	static struct wire_batch batch;
	CLEANUP(buf) struct buf out = { 0 };
	struct wire_message message;

	buf_init(&out, KIB);
	wire_encode_batch(&out, 42, &sample, 99);
	CHECK_INT(wire_decode(out.data, out.len, &message), out.len);
	CHECK_INT(message.ticket, 42);
	CHECK_INT(message.type, WIRE_BATCH);
	CHECK_INT(wire_decode_batch(message.body, &batch), 0);
	CHECK_TEXT(batch.batch.org, "acme");
	CHECK_INT(batch.deadline_ns, 99);
	CHECK_INT(batch.batch.n_steps, 2);
	CHECK_TEXT(batch.batch.steps[0].sql, steps[0].sql);
	CHECK_INT(batch.batch.steps[0].expect, STORE_SOME);
	CHECK_INT(batch.batch.steps[0].n_params, 3);
	CHECK_TEXT(batch.batch.steps[0].params[0].text.data, "acme");
	CHECK(batch.batch.steps[0].params[1].integer == INT64_MIN);
	CHECK_INT(batch.batch.steps[0].params[2].kind, STORE_NULL);
	CHECK_INT(batch.batch.steps[1].n_params, 0);
}

TEST(a_notice_goes_with_its_batch)
{
	static struct wire_batch batch;
	CLEANUP(buf) struct buf out = { 0 };
	struct store_batch noticed = sample;
	struct wire_message message;

	noticed.notice = "agents";
	buf_init(&out, KIB);
	wire_encode_batch(&out, 42, &noticed, 99);
	CHECK_INT(wire_decode(out.data, out.len, &message), out.len);
	CHECK_INT(wire_decode_batch(message.body, &batch), 0);
	CHECK_TEXT(batch.batch.notice, "agents");
	message.body.len--;
	CHECK_INT(wire_decode_batch(message.body, &batch), -EBADMSG);
	buf_clear(&out);
	wire_encode_batch(&out, 42, &sample, 99);
	CHECK_INT(wire_decode(out.data, out.len, &message), out.len);
	CHECK_INT(wire_decode_batch(message.body, &batch), 0);
	CHECK(!batch.batch.notice);
}

TEST(a_result_arrives_as_it_was_sent)
{
	CLEANUP(buf) struct buf out = { 0 };
	struct wire_message message;
	struct wire_result result;
	const struct store_rows *rows;

	buf_init(&out, KIB);
	encode_result(&out);
	CHECK_INT(wire_decode(out.data, out.len, &message), out.len);
	CHECK_INT(wire_decode_result(message.body, &result), 0);
	CHECK_INT(result.result.n_steps, 2);
	rows = result.result.steps;
	CHECK_INT(rows[0].n_rows, 1);
	CHECK_INT(rows[0].n_changed, 5);
	CHECK_TEXT(store_text_at(&rows[0], 0, 0), "text");
	CHECK_INT(store_int_at(&rows[0], 0, 1), -1);
	CHECK_TEXT(store_text_at(&rows[0], 0, 2), "");
	CHECK_INT(rows[1].n_changed, 2);
	wire_result_finish(&result);
}

TEST(a_message_waits_until_it_is_whole)
{
	CLEANUP(buf) struct buf out = { 0 };
	struct wire_message message;

	buf_init(&out, KIB);
	wire_encode_batch(&out, 1, &sample, 0);
	for (size_t len = 0; len < out.len; len++)
		CHECK_INT(wire_decode(out.data, len, &message), 0);
}

TEST(what_is_cut_or_too_long_is_no_message)
{
	static struct wire_batch batch;
	CLEANUP(buf) struct buf out = { 0 };
	struct wire_message message;
	struct wire_result result;

	buf_init(&out, KIB);
	wire_encode_batch(&out, 1, &sample, 0);
	CHECK(wire_decode(out.data, out.len, &message) > 0);
	for (size_t len = 0; len < message.body.len; len++)
		CHECK_INT(wire_decode_batch((struct str) { message.body.data, len }, &batch),
			  -EBADMSG);
	buf_clear(&out);
	encode_result(&out);
	CHECK(wire_decode(out.data, out.len, &message) > 0);
	for (size_t len = 0; len < message.body.len; len++)
		CHECK_INT(wire_decode_result((struct str) { message.body.data, len }, &result),
			  -EBADMSG);
	CHECK_INT(wire_decode("\xff\xff\xff\xff", 4, &message), -EBADMSG);
	CHECK_INT(wire_decode("\x01\0\0\0\0", 5, &message), -EBADMSG);
}
