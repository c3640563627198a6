/*
 * One end of a WebSocket (RFC 6455): whole text messages both ways, pings, and the
 * close handshake. Frames by wslay; an idle one holds no buffers of its own.
 *
 * They are made by http_accept_websocket() and by net/dial.h. The peer is held to
 * the protocol: wrong masking, reserved bits and opcodes, broken fragments are
 * closed with 1002, binary messages with 1003, bad UTF-8 with 1007, a message
 * longer than allowed with 1009 when its frame's head is seen. No extensions.
 */
#pragma once

#include <openssl/x509.h>

#include "base/base.h"

#define WEBSOCKET_REASON_BYTES 124

enum websocket_code {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_NO_CODE = 1005, /* the peer closed without saying why; never sent */
	WEBSOCKET_LOST = 1006,    /* no close handshake: network, deadline; never sent */
	WEBSOCKET_NOT_UTF8 = 1007,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_INTERNAL = 1011,
	WEBSOCKET_TRY_LATER = 1013,
};

struct websocket;

struct websocket_config {
	/* A whole message, NUL-terminated, valid during the call. */
	void (*handle_message)(struct websocket *ws, const char *text, size_t len, void *data);
	/* Everything queued has gone out, after a refused websocket_send() or a request. May be
	 * NULL. */
	void (*handle_drained)(struct websocket *ws, void *data);
	/*
	 * Exactly once, unless websocket_free() comes first; after it the WebSocket is
	 * no more. The code is the peer's, or ours where we closed for a reason.
	 */
	void (*handle_closed)(struct websocket *ws, unsigned code, const char *reason, void *data);
	void *data;

	/* 0 stands for what is in brackets. */
	size_t max_message_bytes; /* [1 MiB] to us */
	size_t max_queued_bytes;  /* [4 MiB] from us, not yet taken by the kernel */
	uint64_t ping_ns;         /* [never] after so long without a byte from the peer we ping */
	uint64_t silence_ns;      /* [90 s] after so long without one it is lost */
	uint64_t stall_ns;        /* [30 s] after so long without taking one of ours it is lost */
	uint64_t close_ns;        /* [5 s] for the peer's half of the close handshake */
};

/*
 * Queues one message of UTF-8. 0; -ENOBUFS beyond max_queued_bytes (nothing was
 * taken); -ENOTCONN once it is closing. Never calls back.
 */
int websocket_send(struct websocket *ws, const char *text, size_t len) MUST_CHECK;
size_t websocket_queued_bytes(const struct websocket *ws);
/* Asks for one handle_drained(), where something is queued. */
void websocket_request_drained(struct websocket *ws);

/* While paused nothing is read, so the peer must wait; the silence deadline rests. */
void websocket_pause(struct websocket *ws);
void websocket_resume(struct websocket *ws);

/* Starts the close handshake; messages queued before go out first. No more messages come. */
void websocket_close(struct websocket *ws, enum websocket_code code, const char *reason);
/* Cuts the connection at once; handle_closed (with this code) follows from the loop. */
void websocket_abort(struct websocket *ws, enum websocket_code code, const char *reason);
/* Cuts it without a callback: the owner ends. Not from within a callback of 'ws'. */
void websocket_free(struct websocket *ws);

/* The peer's certificate, borrowed, or NULL; and its address as text. */
X509 *websocket_certificate(const struct websocket *ws);
const char *websocket_address(const struct websocket *ws);
