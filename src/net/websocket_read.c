/* What comes in over a WebSocket: frames become messages, answers or its end. */
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "net/stream_internal.h"
#include "net/websocket_internal.h"

static void take_close(struct websocket *ws)
{
	const char *payload = buf_text(&ws->control), *why;
	size_t len = ws->control.len;
	enum websocket_code refusal;
	unsigned code;

	refusal = websocket_close_check(payload, len, &code, &why);
	if (refusal) {
		websocket_fail(ws, refusal, why);
		return;
	}
	if (ws->state == WEBSOCKET_OPEN) {
		websocket_write_close(ws, code, "");
		websocket_set_end(ws, code, len > 2 ? payload + 2 : "");
	}
	websocket_start_ending(ws);
}

static void take_message(struct websocket *ws)
{
	struct buf message = ws->message;

	/* The callback may take its time and memory; what the next message needs is new. */
	ws->message = (struct buf) { 0 };
	ws->in_message = false;
	if (!utf8_is_valid(buf_text(&message), message.len))
		websocket_fail(ws, WEBSOCKET_NOT_UTF8, "a text message is not UTF-8");
	else if (ws->state == WEBSOCKET_OPEN)
		ws->config.handle_message(ws, buf_text(&message), message.len, ws->config.data);
	buf_finish(&message);
}

static void take_frame(struct websocket *ws)
{
	if (ws->head.opcode == WEBSOCKET_CLOSE)
		take_close(ws);
	/* Who pings and does not read gets no more pongs than messages. */
	else if (ws->head.opcode == WEBSOCKET_PING && ws->state == WEBSOCKET_OPEN &&
		 websocket_queued_bytes(ws) < ws->config.max_queued_bytes)
		websocket_write(ws, WEBSOCKET_PONG, buf_text(&ws->control), ws->control.len);
	else if (ws->head.opcode < WEBSOCKET_CLOSE && ws->head.fin)
		take_message(ws);
	buf_finish(&ws->control);
}

/* A frame's head is there: may it come, and is there room for what it announces? */
static enum websocket_code admit(struct websocket *ws, const char **why)
{
	const struct websocket_head *head = &ws->head;
	enum websocket_code refusal = websocket_head_check(head, ws->role, why);

	if (refusal)
		return refusal;
	if (head->opcode >= WEBSOCKET_CLOSE)
		return 0;
	if (ws->in_message != (head->opcode == WEBSOCKET_CONTINUATION)) {
		*why = ws->in_message ? "a message within a message" : "a continuation of nothing";
		return WEBSOCKET_PROTOCOL_ERROR;
	}
	if (head->n_payload > ws->config.max_message_bytes - ws->message.len) {
		*why = "the message is too big";
		return WEBSOCKET_TOO_BIG;
	}
	return 0;
}

static bool start_frame(struct websocket *ws, struct evbuffer *input)
{
	enum websocket_code refusal;
	const char *why;

	if (!websocket_head_peek(input, &ws->head))
		return false;
	refusal = admit(ws, &why);
	if (refusal) {
		websocket_fail(ws, refusal, why);
		return false;
	}
	if (ws->head.opcode >= WEBSOCKET_CLOSE) {
		buf_init(&ws->control, WEBSOCKET_CONTROL_MAX_BYTES);
	} else if (!ws->in_message) {
		ws->in_message = true;
		buf_init(&ws->message, ws->config.max_message_bytes);
	}
	ws->frame = websocket_frame_new(&ws->head, input);
	return true;
}

static void end_frame(struct websocket *ws)
{
	websocket_frame_free(ws->frame);
	ws->frame = NULL;
}

/* False when the input ends, or the WebSocket does. */
static bool read_piece(struct websocket *ws, struct evbuffer *input)
{
	const char *data;
	size_t len;
	int r;

	if (!ws->frame && !start_frame(ws, input))
		return false;
	r = websocket_frame_read(ws->frame, &data, &len);
	if (r < 0)
		websocket_fail(ws, WEBSOCKET_PROTOCOL_ERROR, "a broken frame");
	if (r <= 0)
		return false;
	if (len)
		buf_add(ws->head.opcode >= WEBSOCKET_CLOSE ? &ws->control : &ws->message, data,
			len);
	if (websocket_frame_is_whole(ws->frame)) {
		end_frame(ws);
		take_frame(ws);
	}
	return true;
}

void websocket_read(struct websocket *ws)
{
	struct evbuffer *input = bufferevent_get_input(ws->stream);

	ws->heard_ns = clock_monotonic_ns();
	while ((ws->state == WEBSOCKET_OPEN && !ws->paused) || ws->state == WEBSOCKET_CLOSING)
		if (!read_piece(ws, input))
			break;
	if (ws->state == WEBSOCKET_ENDING)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
}
