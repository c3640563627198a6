#include "server/api/realtime.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "net/sse.h"
#include "server/hub/events.h"

#define WARM_S 25
#define ID_BYTES 64
#define TOPIC_BYTES 64

struct watcher {
	struct realtime *realtime;
	struct watcher *next, **link;
	const struct org *org;
	struct http_stream *stream;
	struct hub_subscription *subscription;
	char id[ID_BYTES];
	char topics[REALTIME_MAX_TOPICS][TOPIC_BYTES];
	unsigned n_topics;
	bool chosen; /* he said what he wants */
};

struct realtime {
	struct hub *hub;
	struct event *warm;
	struct watcher *watchers;
};

static void watcher_free(struct watcher *watcher)
{
	*watcher->link = watcher->next;
	if (watcher->next)
		watcher->next->link = watcher->link;
	if (watcher->subscription)
		hub_subscription_end(watcher->subscription);
	free(watcher);
}

static bool wants(const struct watcher *watcher, const char *kind)
{
	for (unsigned i = 0; i < watcher->n_topics; i++)
		if (strcmp(watcher->topics[i], kind) == 0)
			return true;
	return !watcher->chosen;
}

/* As the documented client takes records apart; 'data' is JSON already. */
static const char *action_of(const struct hub_event *event)
{
	CLEANUP(json) json_t *data = NULL;

	if (strcmp(event->kind, "agent") == 0)
		return "update";
	if (strcmp(event->kind, "call") != 0)
		return "create";
	data = json_loads(event->data, 0, NULL);
	return json_object_get(data, "tool") ? "create" : "update"; /* only a new one names it */
}

static int deliver(const struct hub_event *event, void *data)
{
	struct watcher *watcher = data;
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(buf) struct buf record = { 0 };
	char id[24];

	if (!wants(watcher, event->kind))
		return 0;
	buf_init(&record, EVENTS_DATA_MAX_BYTES + KIB);
	if (watcher->chosen)
		buf_add_format(&record, "{\"action\":\"%s\",\"record\":%s}", action_of(event),
			       event->data);
	else
		buf_add_text(&record, event->data);
	buf_init(&text, 2 * EVENTS_DATA_MAX_BYTES + KIB);
	text_format(id, sizeof(id), "%llu", (unsigned long long)event->seq);
	sse_format(&(struct sse_event) { .id = event->seq ? id : NULL,
					 .event = event->kind,
					 .data = buf_text(&record),
					 .n_data = record.len },
		   &text);
	return http_stream_write(watcher->stream, text.data, text.len);
}

/* What a client missed for good it is told, so that it looks at everything again. */
static void handle_lost(uint64_t seq, void *data)
{
	struct watcher *watcher = data;
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, KIB);
	buf_add_format(&text, "event: lost\ndata: {\"up_to\":%llu}\n\n", (unsigned long long)seq);
	if (http_stream_write(watcher->stream, text.data, text.len) < 0)
		return; /* he has yet to read what came before, and sees the gap in the ids */
}

static void handle_drained(struct http_stream *stream UNUSED, void *data)
{
	struct watcher *watcher = data;

	hub_subscription_resume(watcher->subscription);
}

static void handle_gone(struct http_stream *stream UNUSED, void *data)
{
	watcher_free(data);
}

static void handle_warm(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct realtime *realtime = data;
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, KIB);
	sse_format_comment("", &text);
	for (struct watcher *watcher = realtime->watchers; watcher; watcher = watcher->next)
		if (http_stream_queued_bytes(watcher->stream) == 0 &&
		    http_stream_write(watcher->stream, text.data, text.len) < 0)
			continue; /* full: it is warm enough */
}

struct realtime *realtime_new(struct event_base *base, struct hub *hub)
{
	struct realtime *realtime = calloc(1, sizeof(*realtime));
	const struct timeval every = { .tv_sec = WARM_S };

	if (!realtime)
		abort();
	realtime->hub = hub;
	realtime->warm = event_new(base, -1, EV_PERSIST, handle_warm, realtime);
	if (!realtime->warm || event_add(realtime->warm, &every) < 0)
		abort();
	return realtime;
}

void realtime_free(struct realtime *realtime)
{
	if (!realtime)
		return;
	while (realtime->watchers) {
		http_stream_end(realtime->watchers->stream);
		watcher_free(realtime->watchers);
	}
	event_free(realtime->warm);
	free(realtime);
}

static int greet(struct watcher *watcher)
{
	CLEANUP(buf) struct buf text = { 0 };
	char data[ID_BYTES + 32];

	buf_init(&text, KIB);
	text_format(data, sizeof(data), "{\"clientId\":\"%s\"}", watcher->id);
	sse_format(&(struct sse_event) { .id = watcher->id,
					 .event = "PB_CONNECT",
					 .data = data,
					 .n_data = strlen(data) },
		   &text);
	return http_stream_write(watcher->stream, text.data, text.len);
}

static int subscribe(struct watcher *watcher, const struct realtime_wish *wish, struct error *err)
{
	const struct hub_subscriber subscriber = {
		.org = wish->org->id,
		.agent = wish->agent,
		.after_seq = wish->after_seq,
		.deliver = deliver,
		.lost = handle_lost,
		.data = watcher,
	};

	watcher->subscription = hub_subscribe(watcher->realtime->hub, &subscriber, err);
	return watcher->subscription ? 0 : err->code;
}

static struct watcher *watcher_new(struct realtime *realtime, const struct realtime_wish *wish)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	char nonce[NONCE_TEXT_BYTES];

	if (!watcher)
		abort();
	*watcher = (struct watcher) {
		.realtime = realtime,
		.org = wish->org,
		.next = realtime->watchers,
		.link = &realtime->watchers,
	};
	text_format(watcher->id, sizeof(watcher->id), "%llu-%s",
		    (unsigned long long)wish->after_seq, nonce_make(nonce));
	if (watcher->next)
		watcher->next->link = &watcher->next;
	realtime->watchers = watcher;
	return watcher;
}

void realtime_start(struct realtime *realtime, struct http_request *request,
		    const struct realtime_wish *wish)
{
	static const struct http_stream_handlers handlers = { .drained = handle_drained,
							      .gone = handle_gone };
	struct watcher *watcher = watcher_new(realtime, wish);
	struct error err = { 0 };

	if (subscribe(watcher, wish, &err) < 0) {
		http_reply_error(request, 503, NULL, err.text);
		watcher_free(watcher);
		return;
	}
	http_reply_header(request, "Cache-Control", "no-store");
	http_reply_header(request, "X-Accel-Buffering", "no");
	watcher->stream = http_stream_start(request, 200, SSE_TYPE, &handlers, watcher);
	if (!watcher->stream)
		watcher_free(watcher);
	else if (greet(watcher) < 0)
		abort(); /* the first bytes of a stream fit */
}

static struct watcher *find(struct realtime *realtime, const struct org *org, const char *client)
{
	struct watcher *watcher = realtime->watchers;

	while (watcher && (watcher->org != org || strcmp(watcher->id, client) != 0))
		watcher = watcher->next;
	return watcher;
}

bool realtime_choose(struct realtime *realtime, const struct org *org, const char *client,
		     const json_t *topics)
{
	struct watcher *watcher = find(realtime, org, client);
	size_t i;
	json_t *topic;

	if (!watcher)
		return false;
	watcher->n_topics = 0;
	watcher->chosen = true;
	json_array_foreach(topics, i, topic)
	{
		const char *text = json_string_value(topic);

		if (i == REALTIME_MAX_TOPICS)
			break;
		text_format(watcher->topics[watcher->n_topics++], TOPIC_BYTES, "%.*s",
			    (int)strcspn(text, "/*?"), text);
	}
	return true;
}
