#include "net/websocket.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "net/stream_internal.h"
#include "net/websocket_internal.h"

#define READ_AHEAD_BYTES (64 * KIB)

static void earliest(uint64_t *due_ns, uint64_t at_ns)
{
	if (at_ns < *due_ns)
		*due_ns = at_ns;
}

static void schedule(struct websocket *ws)
{
	uint64_t now_ns = clock_monotonic_ns(), due_ns = UINT64_MAX;
	struct timeval wait;

	if (ws->state == WEBSOCKET_OPEN && !ws->paused) {
		earliest(&due_ns, ws->heard_ns + ws->config.silence_ns);
		if (ws->config.ping_ns && ws->pinged_ns <= ws->heard_ns)
			earliest(&due_ns, ws->heard_ns + ws->config.ping_ns);
	}
	if (ws->state == WEBSOCKET_CLOSING || ws->state == WEBSOCKET_ENDING)
		earliest(&due_ns, ws->end_ns);
	if (ws->state == WEBSOCKET_CUT)
		due_ns = 0;
	else if (stream_queued_bytes(ws->stream))
		earliest(&due_ns, ws->pace.since_ns + ws->config.stall_ns);
	if (due_ns == UINT64_MAX) {
		(void)event_del(&ws->timer);
		return;
	}
	wait = stream_timeval(due_ns > now_ns ? due_ns - now_ns : 0);
	(void)event_add(&ws->timer, &wait);
}

/* As much of it as a close frame holds, in whole characters. */
static size_t cut_reason(const char *reason)
{
	size_t len = strlen(reason);

	if (len < WEBSOCKET_REASON_BYTES)
		return len;
	len = WEBSOCKET_REASON_BYTES - 1;
	while (len && ((unsigned char)reason[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void websocket_set_end(struct websocket *ws, unsigned code, const char *reason)
{
	free(ws->reason);
	ws->code = code;
	ws->reason = strndup(reason, cut_reason(reason));
	if (!ws->reason)
		abort();
}

void websocket_write(struct websocket *ws, enum websocket_opcode opcode, const void *payload,
		     size_t len)
{
	size_t before = stream_queued_bytes(ws->stream);

	websocket_frame_write(bufferevent_get_output(ws->stream), ws->role, opcode, payload, len);
	stream_pace_note(&ws->pace, ws->stream, before);
	schedule(ws);
}

void websocket_write_close(struct websocket *ws, unsigned code, const char *reason)
{
	char payload[WEBSOCKET_CONTROL_MAX_BYTES];
	size_t n_reason = cut_reason(reason);

	payload[0] = (char)(code >> 8);
	payload[1] = (char)code;
	memcpy(payload + 2, reason, n_reason);
	websocket_write(ws, WEBSOCKET_CLOSE, payload, code == WEBSOCKET_NO_CODE ? 0 : 2 + n_reason);
}

static void finish(struct websocket *ws)
{
	ws->state = WEBSOCKET_CUT;
	ws->config.handle_closed(ws, ws->code, ws->reason, ws->config.data);
	websocket_free(ws);
}

static void lose(struct websocket *ws, const char *why)
{
	websocket_set_end(ws, WEBSOCKET_LOST, why);
	finish(ws);
}

static void half_close(struct websocket *ws)
{
	if (ws->half_closed)
		return;
	ws->half_closed = true;
	stream_half_close(ws->stream);
}

void websocket_start_ending(struct websocket *ws)
{
	ws->state = WEBSOCKET_ENDING;
	ws->end_ns = clock_monotonic_ns() + ws->config.close_ns;
	if (!stream_queued_bytes(ws->stream))
		half_close(ws);
	(void)bufferevent_enable(ws->stream, EV_READ);
	schedule(ws);
}

void websocket_fail(struct websocket *ws, enum websocket_code code, const char *why)
{
	if (ws->state == WEBSOCKET_OPEN)
		websocket_write_close(ws, code, why);
	websocket_set_end(ws, code, why);
	websocket_start_ending(ws);
}

static void handle_read(struct bufferevent *stream UNUSED, void *data)
{
	websocket_read(data);
}

static void handle_write(struct bufferevent *stream UNUSED, void *data)
{
	struct websocket *ws = data;

	if (ws->state == WEBSOCKET_ENDING)
		half_close(ws);
	if (ws->wants_drained && ws->state == WEBSOCKET_OPEN) {
		ws->wants_drained = false;
		if (ws->config.handle_drained)
			ws->config.handle_drained(ws, ws->config.data);
	}
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct websocket *ws = data;

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	if (ws->state == WEBSOCKET_ENDING)
		finish(ws);
	else
		lose(ws, "the connection ended without a close");
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct websocket *ws = data;
	uint64_t now_ns = clock_monotonic_ns();

	if (ws->state == WEBSOCKET_CUT || (ws->state == WEBSOCKET_ENDING && now_ns >= ws->end_ns))
		finish(ws);
	else if (ws->state == WEBSOCKET_CLOSING && now_ns >= ws->end_ns)
		lose(ws, "the close was not answered");
	else if (stream_pace_is_stalled(&ws->pace, ws->stream, ws->config.stall_ns, 1))
		lose(ws, "the peer takes nothing");
	else if (ws->state == WEBSOCKET_OPEN && !ws->paused &&
		 now_ns - ws->heard_ns >= ws->config.silence_ns)
		lose(ws, "the peer is silent");
	else if (ws->state == WEBSOCKET_OPEN && !ws->paused && ws->config.ping_ns &&
		 ws->pinged_ns <= ws->heard_ns && now_ns - ws->heard_ns >= ws->config.ping_ns) {
		ws->pinged_ns = now_ns;
		websocket_write(ws, WEBSOCKET_PING, NULL, 0);
	} else {
		schedule(ws);
	}
}

static void set_defaults(struct websocket_config *config)
{
	if (!config->max_message_bytes)
		config->max_message_bytes = MIB;
	if (!config->max_queued_bytes)
		config->max_queued_bytes = 4 * MIB;
	if (!config->silence_ns)
		config->silence_ns = 90 * NS_PER_SEC;
	if (!config->stall_ns)
		config->stall_ns = 30 * NS_PER_SEC;
	if (!config->close_ns)
		config->close_ns = 5 * NS_PER_SEC;
}

struct websocket *websocket_new(const struct websocket_origin *origin,
				const struct websocket_config *config)
{
	struct websocket *ws = calloc(1, sizeof(*ws));

	if (!ws)
		abort();
	ws->config = *config;
	set_defaults(&ws->config);
	ws->stream = origin->stream;
	ws->role = origin->role;
	ws->released = origin->released;
	ws->owner = origin->owner;
	text_format(ws->address, sizeof(ws->address), "%s", origin->address);
	ws->heard_ns = clock_monotonic_ns();
	if (event_assign(&ws->timer, bufferevent_get_base(ws->stream), -1, 0, handle_timer, ws) < 0)
		abort();
	bufferevent_setcb(ws->stream, handle_read, handle_write, handle_event, ws);
	bufferevent_setwatermark(ws->stream, EV_READ, 0, READ_AHEAD_BYTES);
	(void)bufferevent_enable(ws->stream, EV_READ | EV_WRITE);
	if (evbuffer_get_length(bufferevent_get_input(ws->stream)))
		bufferevent_trigger(ws->stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	schedule(ws);
	return ws;
}

void websocket_end_now(struct websocket *ws, enum websocket_code code, const char *reason)
{
	websocket_set_end(ws, code, reason);
	finish(ws);
}

void websocket_free(struct websocket *ws)
{
	if (!ws)
		return;
	(void)event_del(&ws->timer);
	stream_free(ws->stream);
	websocket_frame_free(ws->frame);
	buf_finish(&ws->message);
	buf_finish(&ws->control);
	if (ws->released)
		ws->released(ws->owner);
	free(ws->reason);
	free(ws);
}

int websocket_send(struct websocket *ws, const char *text, size_t len)
{
	if (ws->state != WEBSOCKET_OPEN)
		return -ENOTCONN;
	if (stream_queued_bytes(ws->stream) + len > ws->config.max_queued_bytes) {
		ws->wants_drained = true;
		return -ENOBUFS;
	}
	websocket_write(ws, WEBSOCKET_TEXT, text, len);
	return 0;
}

size_t websocket_queued_bytes(const struct websocket *ws)
{
	return stream_queued_bytes(ws->stream);
}

void websocket_request_drained(struct websocket *ws)
{
	ws->wants_drained = stream_queued_bytes(ws->stream) > 0;
}

void websocket_pause(struct websocket *ws)
{
	ws->paused = true;
	if (ws->state == WEBSOCKET_OPEN)
		(void)bufferevent_disable(ws->stream, EV_READ);
}

void websocket_resume(struct websocket *ws)
{
	if (!ws->paused)
		return;
	ws->paused = false;
	if (ws->state != WEBSOCKET_OPEN)
		return;
	ws->heard_ns = clock_monotonic_ns();
	(void)bufferevent_enable(ws->stream, EV_READ);
	bufferevent_trigger(ws->stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	schedule(ws);
}

void websocket_close(struct websocket *ws, enum websocket_code code, const char *reason)
{
	if (ws->state != WEBSOCKET_OPEN)
		return;
	websocket_set_end(ws, code, reason);
	ws->state = WEBSOCKET_CLOSING;
	ws->end_ns = clock_monotonic_ns() + ws->config.close_ns;
	websocket_write_close(ws, code, reason);
	(void)bufferevent_enable(ws->stream, EV_READ);
}

void websocket_abort(struct websocket *ws, enum websocket_code code, const char *reason)
{
	if (ws->state == WEBSOCKET_CUT)
		return;
	websocket_set_end(ws, code, reason);
	ws->state = WEBSOCKET_CUT;
	bufferevent_setcb(ws->stream, NULL, NULL, NULL, NULL);
	(void)bufferevent_disable(ws->stream, EV_READ | EV_WRITE);
	(void)shutdown(bufferevent_getfd(ws->stream), SHUT_RDWR);
	schedule(ws);
}

X509 *websocket_certificate(const struct websocket *ws)
{
	SSL *tls = stream_tls(ws->stream);

	return tls ? SSL_get0_peer_certificate(tls) : NULL;
}

const char *websocket_address(const struct websocket *ws)
{
	return ws->address;
}
