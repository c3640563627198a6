#include "agent/warden.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"

#define FRAME_MAX_BYTES (8 + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES)
#define FIRST_DELAY_MS 100
#define MAX_DELAY_MS 10000

struct request {
	struct request *next;
	json_int_t id;
	warden_done *done; /* NULL: nobody wants it any more */
	void *data;
};

struct warden {
	struct event_base *base;
	struct warden_config config;
	struct sockaddr_un address;
	struct bufferevent *stream;
	struct event *retry;
	struct request *requests;
	unsigned n_requests, delay_ms;
	json_int_t next_id;
	bool is_up;
	char why[ERROR_TEXT_BYTES];
};

static void arm_retry(struct warden *warden)
{
	struct timeval delay = { .tv_sec = warden->delay_ms / 1000,
				 .tv_usec = (suseconds_t)(warden->delay_ms % 1000) * 1000 };

	(void)event_add(warden->retry, &delay);
	warden->delay_ms = warden->delay_ms ? warden->delay_ms * 2 : FIRST_DELAY_MS;
	if (warden->delay_ms > MAX_DELAY_MS)
		warden->delay_ms = MAX_DELAY_MS;
}

static void fail_requests(struct warden *warden)
{
	struct error err = { 0 };

	error_set(&err, -EPIPE, "the warden went away");
	while (warden->requests) {
		struct request *request = warden->requests;

		warden->requests = request->next;
		warden->n_requests--;
		if (request->done)
			request->done(NULL, &err, request->data);
		free(request);
	}
}

static void note_why(struct warden *warden, const char *why)
{
	text_format(warden->why, sizeof(warden->why), "no warden at '%s': %s",
		    warden->address.sun_path, why);
}

static void go_down(struct warden *warden)
{
	bool was_up = warden->is_up;

	bufferevent_free(warden->stream);
	warden->stream = NULL;
	warden->is_up = false;
	if (was_up)
		log_warn("the warden went away");
	arm_retry(warden);
	fail_requests(warden);
	if (was_up)
		warden->config.handle_down(warden->config.data);
}

static void take_answer(struct warden *warden, const struct frame *frame)
{
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct request **at = &warden->requests;
	struct request *request;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	request = *at;
	if (!request)
		return;
	*at = request->next;
	warden->n_requests--;
	if (request->done)
		request->done(frame, NULL, request->data);
	free(request);
}

/* 1 for a frame, 0 where more is needed, negative for what is none. */
static int take_frame(struct warden *warden, struct evbuffer *input)
{
	CLEANUP(frame) struct frame frame = { 0 };
	size_t len = evbuffer_get_length(input);
	struct error err = { 0 };
	ssize_t used = frame_decode((const char *)evbuffer_pullup(input, -1), len, &frame, &err);

	if (used <= 0)
		return (int)used;
	(void)evbuffer_drain(input, (size_t)used);
	if (strcmp(json_get_text(frame.header, "type", ""), "progress") == 0)
		warden->config.handle_progress(frame.header, warden->config.data);
	else
		take_answer(warden, &frame);
	return 1;
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct warden *warden = data;
	int r;

	do
		r = take_frame(warden, bufferevent_get_input(stream));
	while (r > 0 && warden->stream == stream);
	if (r < 0 && warden->stream == stream)
		go_down(warden);
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct warden *warden = data;

	if (what & BEV_EVENT_CONNECTED) {
		warden->is_up = true;
		warden->delay_ms = 0;
		warden->why[0] = '\0';
		warden->config.handle_up(warden->config.data);
	} else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
		note_why(warden, what & BEV_EVENT_EOF
					 ? "it closed the connection"
					 : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
		go_down(warden);
	}
}

static void handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct warden *warden = data;

	warden->stream = bufferevent_socket_new(warden->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!warden->stream)
		abort();
	bufferevent_setcb(warden->stream, handle_read, NULL, handle_event, warden);
	bufferevent_setwatermark(warden->stream, EV_READ, 0, FRAME_MAX_BYTES);
	(void)bufferevent_enable(warden->stream, EV_READ | EV_WRITE);
	/* What fails at once is returned, what fails later is an event. */
	if (bufferevent_socket_connect(warden->stream, (struct sockaddr *)&warden->address,
				       sizeof(warden->address)) < 0 &&
	    warden->stream) {
		note_why(warden, strerrordesc_np(errno));
		go_down(warden);
	}
}

struct warden *warden_new(struct event_base *base, const struct warden_config *config)
{
	struct warden *warden = calloc(1, sizeof(*warden));

	if (!warden)
		abort();
	warden->base = base;
	warden->config = *config;
	warden->address.sun_family = AF_UNIX;
	text_format(warden->address.sun_path, sizeof(warden->address.sun_path), "%s",
		    config->socket);
	warden->retry = event_new(base, -1, 0, handle_retry, warden);
	if (!warden->retry)
		abort();
	text_format(warden->why, sizeof(warden->why), "not connected to the warden yet");
	arm_retry(warden);
	return warden;
}

void warden_free(struct warden *warden)
{
	if (!warden)
		return;
	warden->is_up = false;
	if (warden->stream)
		bufferevent_free(warden->stream);
	fail_requests(warden);
	event_free(warden->retry);
	free(warden);
}

bool warden_is_up(const struct warden *warden)
{
	return warden->is_up;
}

const char *warden_why(const struct warden *warden)
{
	return warden->why;
}

/* Takes 'header' over. */
static void send_frame(struct warden *warden, json_t *header, const char *body)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, FRAME_MAX_BYTES);
	frame_encode(header, body, body ? strlen(body) : 0, &out);
	json_decref(header);
	(void)bufferevent_write(warden->stream, out.data, out.len);
}

int warden_ask(struct warden *warden, json_t *header, const char *body, warden_done *done,
	       void *data)
{
	struct request *request;

	if (!warden->is_up || warden->n_requests >= WARDEN_MAX_REQUESTS) {
		json_decref(header);
		return warden->is_up ? -EBUSY : -ENOTCONN;
	}
	request = calloc(1, sizeof(*request));
	if (!request)
		abort();
	*request = (struct request) {
		.next = warden->requests, .id = ++warden->next_id, .done = done, .data = data
	};
	warden->requests = request;
	warden->n_requests++;
	json_put(header, "id", json_integer(request->id));
	send_frame(warden, header, body);
	return 0;
}

void warden_cancel(struct warden *warden, json_int_t id)
{
	if (warden->is_up)
		send_frame(warden, json_pack("{s:s, s:I}", "type", "cancel", "id", id), NULL);
}

void warden_forget(struct warden *warden, const void *data)
{
	for (struct request *request = warden->requests; request; request = request->next)
		if (request->data == data)
			request->done = NULL;
}

int warden_code(const struct frame *answer, const char **sentence_out)
{
	int code = (int)json_get_int(answer->header, "code", 0);

	*sentence_out = json_get_text(answer->header, "error", code ? "the call failed" : "");
	return code;
}
