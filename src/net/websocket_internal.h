/* What the WebSocket's files share, and how those who make one hand over a connection. */
#pragma once

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event_struct.h>
#include <netinet/in.h>

#include "base/buf.h"
#include "net/stream_internal.h"
#include "net/websocket.h"

enum websocket_role {
	WEBSOCKET_CLIENT, /* masks what it sends */
	WEBSOCKET_SERVER, /* wants what it receives masked */
};

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0x0,
	WEBSOCKET_TEXT = 0x1,
	WEBSOCKET_BINARY = 0x2,
	WEBSOCKET_CLOSE = 0x8,
	WEBSOCKET_PING = 0x9,
	WEBSOCKET_PONG = 0xa,
};

#define WEBSOCKET_CONTROL_MAX_BYTES 125

/* A connection whose upgrade is through; input that follows it is in its buffer. */
struct websocket_origin {
	struct bufferevent *stream; /* taken over */
	enum websocket_role role;
	const char *address;
	/* Called when the connection is closed; may be NULL. */
	void (*released)(void *owner);
	void *owner;
};

struct websocket *websocket_new(const struct websocket_origin *origin,
				const struct websocket_config *config);

/* Calls handle_closed and frees it. */
void websocket_end_now(struct websocket *ws, enum websocket_code code, const char *reason);

/* The answer to a Sec-WebSocket-Key: 28 characters. */
void websocket_accept_text(const char *key, char text[32]);

/* The head of the frame that begins the input. */
struct websocket_head {
	bool fin, masked;
	unsigned reserved;
	enum websocket_opcode opcode;
	unsigned n_head;
	uint64_t n_payload;
};

/* False while it is not all there. */
bool websocket_head_peek(struct evbuffer *input, struct websocket_head *head_out);

/* A frame on its way in; exists only between its first byte and its last. */
struct websocket_frame;

struct websocket_frame *websocket_frame_new(const struct websocket_head *head,
					    struct evbuffer *input);
void websocket_frame_free(struct websocket_frame *frame);
/*
 * The next piece of its payload, unmasked, valid until the next call. 1; 0 when
 * more input is needed; -EBADMSG when it breaks the protocol.
 */
int websocket_frame_read(struct websocket_frame *frame, const char **data_out, size_t *len_out);
bool websocket_frame_is_whole(const struct websocket_frame *frame);

/* Appends one whole frame. */
void websocket_frame_write(struct evbuffer *output, enum websocket_role role,
			   enum websocket_opcode opcode, const void *payload, size_t len);

/* Why a frame with this head may not come now, as a code to close with; 0 where it may. */
enum websocket_code websocket_head_check(const struct websocket_head *head,
					 enum websocket_role role, const char **why_out);

/* A payload of a close frame: its code (WEBSOCKET_NO_CODE for none), or why it is wrong. */
enum websocket_code websocket_close_check(const char *payload, size_t len, unsigned *code_out,
					  const char **why_out);

enum websocket_state {
	WEBSOCKET_OPEN,
	WEBSOCKET_CLOSING, /* our close frame is out, theirs is awaited */
	WEBSOCKET_ENDING,  /* nothing is read any more; the connection closes behind what is queued
			    */
	WEBSOCKET_CUT,     /* handle_closed is due */
};

struct websocket {
	struct websocket_config config;
	struct bufferevent *stream;
	enum websocket_role role;
	enum websocket_state state;
	struct websocket_frame *frame; /* the one under way, or NULL */
	struct websocket_head head;    /* its */
	struct buf message;            /* the one under way */
	struct buf control;            /* the payload of a control frame under way */
	bool in_message, paused, wants_drained, half_closed;

	struct event timer;
	uint64_t heard_ns;  /* the last byte from the peer */
	uint64_t pinged_ns; /* our last ping */
	uint64_t end_ns;    /* of CLOSING and ENDING */
	struct stream_pace pace;

	unsigned code;
	char *reason;
	char address[INET6_ADDRSTRLEN];
	void (*released)(void *owner);
	void *owner;
};

/* What has come in; the read callback. */
void websocket_read(struct websocket *ws);

void websocket_write(struct websocket *ws, enum websocket_opcode opcode, const void *payload,
		     size_t len);
void websocket_write_close(struct websocket *ws, unsigned code, const char *reason);
/* What handle_closed will be told. */
void websocket_set_end(struct websocket *ws, unsigned code, const char *reason);
/* The peer broke a rule: says so, and ends. */
void websocket_fail(struct websocket *ws, enum websocket_code code, const char *why);
/* Both close frames are there, or ours says why no more is read. */
void websocket_start_ending(struct websocket *ws);
