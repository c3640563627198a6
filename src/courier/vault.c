#include "courier/vault.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "courier/parcel.h"
#include "identity/file.h"

#define GRACE_NS (2 * NS_PER_SEC) /* for the courier to say that it is late */
#define PIECE_BYTES (16 * KIB)
#define MESSAGE_MAX_BYTES (PARCEL_CHUNK_MAX_BYTES + 64 * KIB)

_Static_assert(VAULT_ANSWER_MAX_BYTES <= COURIER_WINDOW_BYTES, "an answer needs no credit");

static int set_time(int courier, uint64_t until_ns)
{
	uint64_t now_ns = clock_monotonic_ns(), left_us;
	struct timeval wait;

	if (now_ns >= until_ns)
		return -ETIMEDOUT;
	left_us = (until_ns - now_ns + 999) / 1000; /* none would be for ever */
	wait = (struct timeval) { (time_t)(left_us / 1000000), (suseconds_t)(left_us % 1000000) };
	return setsockopt(courier, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
			       setsockopt(courier, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0
		       ? -errno
		       : 0;
}

/* All of it by then, however little the courier takes at a time: a large piece waits many times. */
static int write_by(int courier, const char *at, size_t len, uint64_t until_ns)
{
	while (len) {
		int r = set_time(courier, until_ns);
		ssize_t n;

		if (r < 0)
			return r;
		n = write(courier, at, len < PIECE_BYTES ? len : PIECE_BYTES);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_by(int courier, void *data, size_t len, uint64_t until_ns)
{
	char *at = data;

	while (len) {
		int r = set_time(courier, until_ns);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(courier, at, len);
		if (n == 0)
			return -EPIPE;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int fail(int r, struct error *err)
{
	if (r == -ETIMEDOUT)
		return error_set(err, r, "constable-courier took too long");
	return error_set(err, -EIO, "constable-courier %s",
			 r == -EBADMSG ? "talked nonsense" : "has ended");
}

static int send_request(int courier, uint64_t id, const struct vault_request *request,
			uint64_t until_ns, struct error *err)
{
	const struct courier_header headers[] = {
		{ "X-Vault-Request", "true" },
		{ "Content-Type", "application/json" },
		{ "X-Vault-Namespace", request->namespace ? request->namespace : "" },
	};
	const struct courier_header secret = { "X-Vault-Token", request->token };
	bool is_plain = strncmp(request->url, "http://", 7) == 0;
	struct parcel_request parcel = {
		.request = {
			.method = request->method,
			.url = request->url,
			.headers = headers,
			.n_headers = request->namespace ? 3 : 2,
			.secrets = &secret,
			.n_secrets = 1,
			.body = request->body,
			.n_body = request->body ? strlen(request->body) : 0,
			.ca_pem = request->ca,
			.client_pem = request->client,
			.policy = { .schemes = is_plain ? COURIER_HTTP_TOO : COURIER_HTTPS_ONLY,
				    .hosts = is_plain ? "localhost 127.0.0.1 ::1" : NULL,
				    .networks = is_plain ? "127.0.0.0/8 ::1/128"
							 : COURIER_PRIVATE_NETWORKS },
			.limits = { .connect_ns = VAULT_CONNECT_NS,
				    .total_ns = request->total_ns,
				    .max_bytes = VAULT_ANSWER_MAX_BYTES },
		},
	};
	CLEANUP(secret_buf) struct buf message = { 0 };
	int r = parcel_check_request(&parcel.request, err);

	if (r < 0)
		return r;
	parcel_make_room(&message, parcel.request.n_body + VAULT_PEM_MAX_BYTES * 2);
	parcel_encode_request(&message, id, &parcel);
	r = write_by(courier, message.data, message.len, until_ns);
	return r < 0 ? fail(r, err) : 0;
}

/* The next message, in 'room', which 'parcel_out' points into. */
static int read_message(int courier, uint64_t until_ns, struct buf *room, struct parcel *parcel_out)
{
	static char piece[MESSAGE_MAX_BYTES];
	uint32_t size;
	int r = read_by(courier, &size, sizeof(size), until_ns);

	if (r < 0)
		return r;
	if (size > sizeof(piece))
		return -EBADMSG;
	buf_clear(room);
	buf_add(room, &size, sizeof(size));
	r = read_by(courier, piece, size, until_ns);
	if (r == 0)
		buf_add(room, piece, size);
	explicit_bzero(piece, size);
	if (r < 0)
		return r;
	return parcel_decode(room->data, room->len, parcel_out) == (ssize_t)room->len ? 0
										      : -EBADMSG;
}

/* 1 at the end, which 'err' may tell of. What is no answer to this question came too late for one
 * before it. */
static int take(const struct parcel *parcel, uint64_t id, unsigned *status, struct buf *body,
		struct error *err)
{
	static struct parcel_head head;
	static struct parcel_end end;

	if (parcel->type == PARCEL_STALE || parcel->id != id)
		return 0;
	if (parcel->type == PARCEL_CHUNK) {
		buf_add(body, parcel->body.data, parcel->body.len);
		return 0;
	}
	if (parcel->type == PARCEL_HEAD && parcel_decode_head(parcel->body, &head) == 0) {
		*status = head.head.status;
		return 0;
	}
	if (parcel->type != PARCEL_END || parcel_decode_end(parcel->body, &end) < 0)
		return -EBADMSG;
	if (end.err.code)
		*err = end.err;
	return 1;
}

int courier_ask_vault(int courier, const struct vault_request *request, unsigned *status_out,
		      struct buf *body, struct error *err)
{
	static uint64_t last_id;
	uint64_t until_ns = clock_monotonic_ns() + request->total_ns + GRACE_NS;
	uint64_t id = ++last_id;
	CLEANUP(secret_buf) struct buf room = { 0 };
	unsigned status = 0;
	struct parcel parcel;
	int r = 0;

	buf_init(&room, MESSAGE_MAX_BYTES + KIB);
	if (send_request(courier, id, request, until_ns, err) < 0)
		return err->code;
	while (r == 0) {
		r = read_message(courier, until_ns, &room, &parcel);
		if (r == 0 && clock_monotonic_ns() >= until_ns)
			r = -ETIMEDOUT;
		if (r == 0)
			r = take(&parcel, id, &status, body, err);
	}
	if (r != 1)
		return fail(r, err);
	*status_out = status;
	return err->code;
}
