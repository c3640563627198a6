/* Frames from a peer, into either end: messages are whole and UTF-8, and it ends once. */
#include "harness.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>

#include "base/utf8.h"
#include "net/websocket_internal.h"

#define MESSAGE_MAX_BYTES 4096

struct scene {
	unsigned n_closed;
	struct websocket *ws;
};

static void handle_message(struct websocket *ws, const char *text, size_t len, void *data)
{
	struct scene *scene = data;

	assert(!scene->n_closed && len <= MESSAGE_MAX_BYTES);
	assert(text[len] == '\0' && utf8_is_valid(text, len));
	if (len == 5)
		websocket_close(ws, WEBSOCKET_NORMAL, "five");
	else if (len == 6)
		websocket_abort(ws, WEBSOCKET_POLICY, "six");
	else
		(void)websocket_send(ws, text, len);
}

static void handle_closed(struct websocket *ws, unsigned code, const char *reason, void *data)
{
	struct scene *scene = data;

	assert(ws == scene->ws && !scene->n_closed);
	assert(code >= 1000 && code < 5000);
	assert(strlen(reason) < WEBSOCKET_REASON_BYTES && utf8_is_valid(reason, strlen(reason)));
	scene->n_closed++;
	scene->ws = NULL;
}

/* In pieces, as its first byte says. */
static void send_all(struct event_base *base, struct bufferevent *peer, const uint8_t *data,
		     size_t size)
{
	size_t step = 1 + data[0] % 64;

	for (size_t at = 1; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		(void)bufferevent_write(peer, data + at, n);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_base *base = event_base_new();
	struct bufferevent *pair[2];
	struct scene scene = { 0 };
	struct websocket_config config = {
		.handle_message = handle_message,
		.handle_closed = handle_closed,
		.data = &scene,
		.max_message_bytes = MESSAGE_MAX_BYTES,
		.max_queued_bytes = MESSAGE_MAX_BYTES,
	};
	struct websocket_origin origin = { .address = "" };

	assert(base && bufferevent_pair_new(base, 0, pair) == 0);
	(void)bufferevent_enable(pair[1], EV_READ | EV_WRITE);
	origin.stream = pair[0];
	origin.role = size && data[0] & 0x80 ? WEBSOCKET_CLIENT : WEBSOCKET_SERVER;
	scene.ws = websocket_new(&origin, &config);
	if (size > 1)
		send_all(base, pair[1], data, size);
	if (scene.ws)
		websocket_end_now(scene.ws, WEBSOCKET_LOST, "");
	assert(scene.n_closed == 1);
	bufferevent_free(pair[1]);
	event_base_free(base);
	return 0;
}
