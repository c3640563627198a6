/*
 * What crosses between a user of the courier and constable-courier: length-framed messages.
 *
 *	u32 length of the rest, u8 type, u64 id of the call, then by type (little endian):
 *	REQUEST   text method, text url, u16 n, n x header, u16 n, n x secret header, bytes body,
 *	          text wanted, text ca_pem, text client_pem, policy, limits, text proxy,
 *	          text no_proxy
 *	MAIL      text host, u16 port, u8 security, text user, text password, text hello,
 *	          text from, u16 n, n x text recipient, bytes message, text ca_pem, policy, limits
 *	CREDIT    u32 bytes of the answer that may come in addition
 *	CANCEL    nothing; an END may be on its way
 *	HEAD      u16 status, u16 n, n x header
 *	CHUNK     bytes of the answer, to the end of the message
 *	END       u32 code (positive errno, 0 for well), text, u16 n, n x (u16 status, text)
 *	STALE     nothing: who reads it should start another when it can
 *
 *	header    text name, text value
 *	policy    u8 schemes, text hosts, text networks
 *	limits    5 x u64
 *	text      u32 length, bytes, NUL; a length of 2^32-1 alone stands for NULL
 *	bytes     as text, with any bytes
 *
 * Both sides check all of it: neither may be harmed by the other gone mad. What is decoded
 * points into the message.
 */
#pragma once

#include "base/buf.h"
#include "base/scan.h"
#include "courier/mail.h"

enum parcel_type {
	PARCEL_REQUEST,
	PARCEL_MAIL,
	PARCEL_CREDIT,
	PARCEL_CANCEL,
	PARCEL_HEAD,
	PARCEL_CHUNK,
	PARCEL_END,
	PARCEL_STALE,
	PARCEL_N,
};

#define PARCEL_MAX_BYTES (COURIER_MAX_BODY_BYTES + 4 * MIB)
#define PARCEL_TEXT_MAX_BYTES (16 * KIB) /* of each text but certificates */
#define PARCEL_PEM_MAX_BYTES (512 * KIB)
#define PARCEL_CHUNK_MAX_BYTES (64 * KIB)

struct parcel {
	enum parcel_type type;
	uint64_t id;
	struct str body; /* borrowed */
};

/* The first message of 'bytes': its size with the frame, 0 if more is needed, -EBADMSG. */
ssize_t parcel_decode(const char *bytes, size_t len, struct parcel *parcel_out) MUST_CHECK;

struct parcel_request {
	struct courier_request request;
	const char *proxy, *no_proxy; /* or NULL */

	/* private */
	struct courier_header headers[COURIER_MAX_HEADERS];
};

struct parcel_mail {
	struct courier_mail mail;

	/* private */
	const char *recipients[COURIER_MAX_RECIPIENTS];
};

struct parcel_head {
	struct courier_head head;

	/* private */
	struct courier_header headers[COURIER_MAX_HEADERS];
};

struct parcel_end {
	struct error err; /* code 0: all is well */
	size_t n_receipts;
	struct courier_receipt receipts[COURIER_MAX_RECIPIENTS];
};

/* 0 or -EBADMSG; nothing is to be finished. */
int parcel_decode_request(struct str body, struct parcel_request *request_out) MUST_CHECK;
int parcel_decode_mail(struct str body, struct parcel_mail *mail_out) MUST_CHECK;
int parcel_decode_credit(struct str body, uint32_t *bytes_out) MUST_CHECK;
int parcel_decode_head(struct str body, struct parcel_head *head_out) MUST_CHECK;
int parcel_decode_end(struct str body, struct parcel_end *end_out) MUST_CHECK;

/* Whether it can be encoded: -E2BIG or -EINVAL with 'err', for users of the courier. */
int parcel_check_request(const struct courier_request *request, struct error *err) MUST_CHECK;
int parcel_check_mail(const struct courier_mail *mail, struct error *err) MUST_CHECK;

/* A buffer that grows copies itself, and what was there is not wiped: so this one has room at once,
 * for a request with so many bytes of body and certificates. */
void parcel_make_room(struct buf *message, size_t n_bytes);

/* Each appends one message to 'out', which must have room for it. */
void parcel_encode_request(struct buf *out, uint64_t id, const struct parcel_request *request);
void parcel_encode_mail(struct buf *out, uint64_t id, const struct courier_mail *mail);
void parcel_encode_credit(struct buf *out, uint64_t id, uint32_t bytes);
void parcel_encode_head(struct buf *out, uint64_t id, const struct courier_head *head);
void parcel_encode_chunk(struct buf *out, uint64_t id, const void *bytes, size_t len);
void parcel_encode_end(struct buf *out, uint64_t id, const struct parcel_end *end);
void parcel_encode_empty(struct buf *out, uint64_t id, enum parcel_type type);
