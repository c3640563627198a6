/*
 * Both ends of the courier's socket: what is decoded lies inside the message, is bounded, and
 * encodes to the same message again.
 */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "courier/parcel.h"

static void check_text(struct str body, const char *text)
{
	if (!text)
		return;
	assert(text >= body.data && text < body.data + body.len);
	assert(memchr(text, '\0', (size_t)(body.data + body.len - text)));
}

static void check_same(const struct parcel *parcel, const struct buf *again)
{
	struct parcel second;

	assert(parcel_decode(buf_text(again), again->len, &second) == (ssize_t)again->len);
	assert(second.id == parcel->id && second.type == parcel->type);
	assert(second.body.len == parcel->body.len);
	assert(memcmp(second.body.data, parcel->body.data, second.body.len) == 0);
}

static void take_request(const struct parcel *parcel, struct buf *again)
{
	static struct parcel_request request;
	const struct courier_request *inner = &request.request;

	if (parcel_decode_request(parcel->body, &request) < 0)
		return;
	assert(inner->n_headers + inner->n_secrets <= COURIER_MAX_HEADERS);
	check_text(parcel->body, inner->url);
	check_text(parcel->body, inner->ca_pem);
	check_text(parcel->body, inner->client_pem);
	check_text(parcel->body, request.proxy);
	for (size_t i = 0; i < inner->n_secrets; i++)
		check_text(parcel->body, inner->secrets[i].value);
	assert(!inner->n_secrets || inner->secrets == inner->headers + inner->n_headers);
	parcel_encode_request(again, parcel->id, &request);
	check_same(parcel, again);
}

static void take_mail(const struct parcel *parcel, struct buf *again)
{
	static struct parcel_mail mail;

	if (parcel_decode_mail(parcel->body, &mail) < 0)
		return;
	assert(mail.mail.n_recipients <= COURIER_MAX_RECIPIENTS);
	for (size_t i = 0; i < mail.mail.n_recipients; i++)
		check_text(parcel->body, mail.mail.recipients[i]);
	check_text(parcel->body, mail.mail.from);
	parcel_encode_mail(again, parcel->id, &mail.mail);
	check_same(parcel, again);
}

static void take_answer(const struct parcel *parcel, struct buf *again)
{
	static struct parcel_head head;
	static struct parcel_end end;

	if (parcel->type == PARCEL_HEAD && parcel_decode_head(parcel->body, &head) == 0) {
		assert(head.head.status >= 200 && head.head.n_headers <= COURIER_MAX_HEADERS);
		parcel_encode_head(again, parcel->id, &head.head);
		check_same(parcel, again);
	} else if (parcel->type == PARCEL_END && parcel_decode_end(parcel->body, &end) == 0) {
		assert(end.err.code <= 0 && end.n_receipts <= COURIER_MAX_RECIPIENTS);
		for (size_t i = 0; i < end.n_receipts; i++)
			check_text(parcel->body, end.receipts[i].text);
		parcel_encode_end(again, parcel->id, &end);
	}
}

static void take_rest(const struct parcel *parcel, struct buf *again)
{
	uint32_t bytes;

	if (parcel->type == PARCEL_CREDIT && parcel_decode_credit(parcel->body, &bytes) == 0)
		parcel_encode_credit(again, parcel->id, bytes);
	else if (parcel->type == PARCEL_CHUNK)
		parcel_encode_chunk(again, parcel->id, parcel->body.data, parcel->body.len);
	else
		return;
	check_same(parcel, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	for (;;) {
		CLEANUP(buf) struct buf again = { 0 };
		struct parcel parcel;
		ssize_t used = parcel_decode(at, (size_t)(end - at), &parcel);

		if (used <= 0) {
			assert(used == 0 || used == -EBADMSG);
			return 0;
		}
		assert(used <= end - at && parcel.type < PARCEL_N);
		buf_init(&again, PARCEL_MAX_BYTES + KIB);
		if (parcel.type == PARCEL_REQUEST)
			take_request(&parcel, &again);
		else if (parcel.type == PARCEL_MAIL)
			take_mail(&parcel, &again);
		else if (parcel.type == PARCEL_HEAD || parcel.type == PARCEL_END)
			take_answer(&parcel, &again);
		else
			take_rest(&parcel, &again);
		at += used;
	}
}
