#include "server/inquiry/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/sse.h"

#define WARM_S 15
#define EVENT_MAX_BYTES (8 * MIB)
#define QUEUE_MAX_BYTES (9 * MIB) /* one event must fit whole: a report may be large */

struct stream {
	struct http_stream *http;
	struct inquiry_watch *watch;
	struct event *warm;
	char thread[INQUIRY_ID_BYTES];
	enum stream_ids ids;
};

static void stream_free(struct stream *stream)
{
	if (stream->warm)
		event_free(stream->warm);
	free(stream);
}

static int deliver(const struct inquiry_event *event, void *data)
{
	struct stream *stream = data;
	CLEANUP(json) json_t *value = json_loads(event->data, JSON_DECODE_ANY, NULL);
	CLEANUP(json) json_t *envelope = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(buf) struct buf out = { 0 };
	char id[24], time[CLOCK_TEXT_BYTES];

	envelope =
		json_pack("{s:s, s:O?, s:s, s:s}", "type", event->type, "data", value, "thread_id",
			  stream->thread, "timestamp", clock_format(event->time_ns, time));
	text = json_canonical(envelope);
	text_format(id, sizeof(id), "%llu", (unsigned long long)event->seq);
	buf_init(&out, EVENT_MAX_BYTES);
	sse_format(&(struct sse_event) { .id = stream->ids == STREAM_WITH_IDS ? id : NULL,
					 .data = text,
					 .n_data = strlen(text) },
		   &out);
	return http_stream_write(stream->http, out.data, out.len);
}

/* Tokens are secrets for a while: who asked is told, and nobody afterwards. Its id is 0. */
static void tell_files(struct stream *stream, const json_t *files)
{
	CLEANUP(json)
	json_t *data = json_pack("{s:s, s:O}", "text",
				 "The attachments can be "
				 "fetched, each once, from their proxy_url.",
				 "files", files);
	CLEANUP(text) char *text = json_canonical(data);
	const struct inquiry_event event = {
		.type = "thought",
		.data = text,
		.time_ns = clock_wall_ns(),
	};

	(void)deliver(&event, stream); /* the first always has room */
}

/* After the last event the stream is whole; where the store failed it breaks off, to be resumed. */
static void handle_ended(const struct error *err UNUSED, void *data)
{
	struct stream *stream = data;

	stream->watch = NULL;
	if (stream->http)
		http_stream_end(stream->http);
	stream_free(stream);
}

static void handle_drained(struct http_stream *http UNUSED, void *data)
{
	struct stream *stream = data;

	if (stream->watch)
		inquiry_watch_resume(stream->watch);
}

static void handle_gone(struct http_stream *http UNUSED, void *data)
{
	struct stream *stream = data;

	inquiry_watch_end(stream->watch);
	stream_free(stream);
}

static void handle_warm(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct stream *stream = data;
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, KIB);
	sse_format_comment("", &text);
	if (http_stream_queued_bytes(stream->http) == 0 &&
	    http_stream_write(stream->http, text.data, text.len) < 0)
		return; /* full: it is warm enough */
}

static void keep_warm(struct stream *stream, struct event_base *base)
{
	static const struct timeval every = { .tv_sec = WARM_S };

	stream->warm = event_new(base, -1, EV_PERSIST, handle_warm, stream);
	if (!stream->warm || event_add(stream->warm, &every) < 0)
		abort();
}

enum stream_ids stream_ids_of(const struct exchange *exchange)
{
	return strncmp(exchange->entry->route->pattern, "/api/", 5) == 0 ? STREAM_WITH_IDS
									 : STREAM_WITHOUT_IDS;
}

void stream_start(struct exchange *exchange, const struct stream_wish *wish)
{
	static const struct http_stream_handlers handlers = { .drained = handle_drained,
							      .gone = handle_gone,
							      .max_queued_bytes = QUEUE_MAX_BYTES };
	struct api *api = exchange->api;
	struct stream *stream = calloc(1, sizeof(*stream));
	const struct inquiry_watcher watcher = {
		.org = exchange->caller.org->id,
		.investigation = wish->investigation,
		.after_seq = wish->after_seq,
		.deliver = deliver,
		.ended = handle_ended,
		.data = stream,
	};
	struct error err = { 0 };

	if (!stream)
		abort();
	stream->ids = wish->ids;
	text_format(stream->thread, sizeof(stream->thread), "%s", wish->thread);
	stream->watch = inquiry_watch(api->inquiries, &watcher, &err);
	if (!stream->watch) {
		stream_free(stream);
		exchange_fail(exchange, &err);
		return;
	}
	http_reply_header(exchange->http, "Cache-Control", "no-cache");
	http_reply_header(exchange->http, "X-Accel-Buffering", "no");
	http_reply_header(exchange->http, "X-Thread-ID", wish->thread);
	http_reply_header(exchange->http, "X-Investigation-ID", wish->investigation);
	stream->http = http_stream_start(exchange->http, 200, SSE_TYPE, &handlers, stream);
	if (stream->http) {
		if (wish->files)
			tell_files(stream, wish->files);
		keep_warm(stream, api->base);
	} else {
		inquiry_watch_end(stream->watch);
		stream_free(stream);
	}
	exchange_end(exchange);
}
