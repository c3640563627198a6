#include "courier/parcel.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define OVERHEAD_BYTES (64 * KIB)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they are");

static void add_u8(struct buf *out, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	buf_add(out, &byte, sizeof(byte));
}

static void add_u16(struct buf *out, size_t value)
{
	uint16_t number = (uint16_t)value;

	buf_add(out, &number, sizeof(number));
}

static void add_u32(struct buf *out, uint32_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_u64(struct buf *out, uint64_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_bytes(struct buf *out, const void *bytes, size_t len)
{
	add_u32(out, bytes ? (uint32_t)len : UINT32_MAX);
	if (!bytes)
		return;
	buf_add(out, bytes, len);
	buf_add(out, "", 1);
}

static void add_text(struct buf *out, const char *text)
{
	add_bytes(out, text, text ? strlen(text) : 0);
}

static void add_headers(struct buf *out, const struct courier_header *headers, size_t n)
{
	add_u16(out, n);
	for (size_t i = 0; i < n; i++) {
		add_text(out, headers[i].name);
		add_text(out, headers[i].value);
	}
}

static void add_policy(struct buf *out, const struct courier_policy *policy)
{
	add_u8(out, policy->schemes);
	add_text(out, policy->hosts);
	add_text(out, policy->networks);
}

static void add_limits(struct buf *out, const struct courier_limits *limits)
{
	add_u64(out, limits->connect_ns);
	add_u64(out, limits->first_byte_ns);
	add_u64(out, limits->idle_ns);
	add_u64(out, limits->total_ns);
	add_u64(out, limits->max_bytes);
}

/* Returns where the message begins; its length is filled in at the end. */
static size_t start_message(struct buf *out, enum parcel_type type, uint64_t id)
{
	size_t at = out->len;

	add_u32(out, 0);
	add_u8(out, type);
	add_u64(out, id);
	return at;
}

static void end_message(struct buf *out, size_t at)
{
	uint32_t len = (uint32_t)(out->len - at - sizeof(uint32_t));

	assert(!out->dropped);
	memcpy(out->data + at, &len, sizeof(len));
}

void parcel_make_room(struct buf *message, size_t n_bytes)
{
	static const char zeros[4 * KIB];

	buf_init(message, PARCEL_MAX_BYTES + KIB);
	for (size_t n = 0; n < n_bytes + OVERHEAD_BYTES; n += sizeof(zeros))
		buf_add(message, zeros, sizeof(zeros));
	buf_clear(message);
}

void parcel_encode_request(struct buf *out, uint64_t id, const struct parcel_request *parcel)
{
	const struct courier_request *request = &parcel->request;
	size_t at = start_message(out, PARCEL_REQUEST, id);

	add_text(out, request->method);
	add_text(out, request->url);
	add_headers(out, request->headers, request->n_headers);
	add_headers(out, request->secrets, request->n_secrets);
	add_bytes(out, request->body, request->n_body);
	add_text(out, request->wanted);
	add_text(out, request->ca_pem);
	add_text(out, request->client_pem);
	add_policy(out, &request->policy);
	add_limits(out, &request->limits);
	add_text(out, parcel->proxy);
	add_text(out, parcel->no_proxy);
	end_message(out, at);
}

void parcel_encode_mail(struct buf *out, uint64_t id, const struct courier_mail *mail)
{
	size_t at = start_message(out, PARCEL_MAIL, id);

	add_text(out, mail->host);
	add_u16(out, mail->port);
	add_u8(out, mail->security);
	add_text(out, mail->user);
	add_text(out, mail->password);
	add_text(out, mail->hello);
	add_text(out, mail->from);
	add_u16(out, mail->n_recipients);
	for (size_t i = 0; i < mail->n_recipients; i++)
		add_text(out, mail->recipients[i]);
	add_bytes(out, mail->message, mail->n_message);
	add_text(out, mail->ca_pem);
	add_policy(out, &mail->policy);
	add_limits(out, &mail->limits);
	end_message(out, at);
}

void parcel_encode_credit(struct buf *out, uint64_t id, uint32_t bytes)
{
	size_t at = start_message(out, PARCEL_CREDIT, id);

	add_u32(out, bytes);
	end_message(out, at);
}

void parcel_encode_head(struct buf *out, uint64_t id, const struct courier_head *head)
{
	size_t at = start_message(out, PARCEL_HEAD, id);

	add_u16(out, head->status);
	add_headers(out, head->headers, head->n_headers);
	end_message(out, at);
}

void parcel_encode_chunk(struct buf *out, uint64_t id, const void *bytes, size_t len)
{
	size_t at = start_message(out, PARCEL_CHUNK, id);

	buf_add(out, bytes, len);
	end_message(out, at);
}

void parcel_encode_end(struct buf *out, uint64_t id, const struct parcel_end *end)
{
	size_t at = start_message(out, PARCEL_END, id);

	add_u32(out, (uint32_t)-end->err.code);
	add_text(out, end->err.text);
	add_u16(out, end->n_receipts);
	for (size_t i = 0; i < end->n_receipts; i++) {
		add_u16(out, end->receipts[i].status);
		add_text(out, end->receipts[i].text);
	}
	end_message(out, at);
}

void parcel_encode_empty(struct buf *out, uint64_t id, enum parcel_type type)
{
	end_message(out, start_message(out, type, id));
}
