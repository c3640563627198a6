#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/sse.h"
#include "surface/mcp/http_internal.h"

#define QUEUED_MAX_BYTES (48 * MIB)       /* a whole result, escaped twice */
#define QUEUED_NEWS_MAX_BYTES (256 * KIB) /* what a slow client misses of progress, it misses */
#define RETRY_NS NS_PER_SEC
#define ID_BYTES 32

struct mcp *mcp_exchange_session(const struct mcp_exchange *exchange)
{
	return exchange->session ? &exchange->session->mcp : &exchange->http->alone;
}

struct mcp_exchange *mcp_exchange_new(struct mcp_http *http, struct mcp_session *session,
				      struct http_request *request)
{
	struct mcp_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		abort();
	*exchange = (struct mcp_exchange) { .http = http, .session = session, .request = request };
	if (session)
		exchange->number = ++session->n_streams;
	LIST_INSERT_HEAD(session ? &session->exchanges : &http->exchanges, exchange, link);
	return exchange;
}

void mcp_exchange_free(struct mcp_exchange *exchange)
{
	struct mcp_session *session = exchange->session;

	if (exchange->stream)
		http_stream_end(exchange->stream);
	if (session && session->listener == exchange)
		session->listener = NULL;
	LIST_REMOVE(exchange, link);
	free(exchange);
}

void mcp_exchange_abandon(struct mcp_exchange *exchange)
{
	mcp_leave(mcp_exchange_session(exchange), exchange);
	mcp_exchange_free(exchange);
}

bool mcp_exchange_can_wait(const struct mcp_exchange *exchange)
{
	return exchange->session && exchange->is_resumable && exchange->n_open;
}

/* Nobody listens any more: it waits for who takes it up, or ends with its calls. */
static void lose(struct mcp_exchange *exchange)
{
	exchange->stream = NULL;
	exchange->lost_ns = clock_monotonic_ns();
	if (!exchange->is_in_hand && !mcp_exchange_can_wait(exchange))
		mcp_exchange_abandon(exchange);
}

static void handle_gone(struct http_stream *stream UNUSED, void *data)
{
	lose(data);
}

/* It is freed behind this, by handle_gone(). */
static void handle_over(struct http_stream *stream, void *data)
{
	struct mcp_exchange *exchange = data;

	if (exchange->session || http_stream_queued_bytes(stream))
		return;
	exchange->is_in_hand = true;
	mcp_take_leave(&exchange->http->alone, exchange);
	exchange->is_in_hand = false;
}

static void write_out(struct mcp_exchange *exchange, const struct buf *out)
{
	/* A client that takes nothing is cut off long before by the server. */
	if (http_stream_write(exchange->stream, out->data, out->len) < 0) {
		http_stream_abort(TAKE(exchange->stream));
		exchange->lost_ns = clock_monotonic_ns();
		mcp_http_sweep_soon(exchange->http);
	}
}

static void write_event(struct mcp_exchange *exchange, unsigned number, const char *text)
{
	CLEANUP(buf) struct buf out = { 0 };
	char id[ID_BYTES];
	struct sse_event event = { .data = text, .n_data = strlen(text) };

	if (exchange->session) {
		text_format(id, sizeof(id), "%u-%u", exchange->number, number);
		event.id = id;
		exchange->is_resumable = true;
	}
	buf_init(&out, QUEUED_MAX_BYTES);
	sse_format(&event, &out);
	write_out(exchange, &out);
}

void mcp_exchange_repeat(struct mcp_exchange *exchange, const struct mcp_event *event)
{
	if (exchange->stream)
		write_event(exchange, event->number, event->text);
}

/* From 2025-11-25 on a stream begins with an id, so that it can be taken up from its start. */
static void begin_stream(struct mcp_exchange *exchange)
{
	const struct mcp_session *session = exchange->session;
	CLEANUP(buf) struct buf out = { 0 };

	if (!session || exchange->n_events || strcmp(session->mcp.revision, "2025-11-25") < 0)
		return;
	buf_init(&out, KIB);
	sse_format_retry(RETRY_NS, &out);
	write_out(exchange, &out);
	if (exchange->stream)
		write_event(exchange, 0, "");
}

bool mcp_exchange_open(struct mcp_exchange *exchange)
{
	static const struct http_stream_handlers handlers = {
		.gone = handle_gone, .over = handle_over, .max_queued_bytes = QUEUED_MAX_BYTES
	};

	http_reply_header(exchange->request, "Cache-Control", "no-cache");
	http_reply_header(exchange->request, "X-Accel-Buffering", "no");
	exchange->stream =
		http_stream_start(TAKE(exchange->request), 200, SSE_TYPE, &handlers, exchange);
	if (!exchange->stream) {
		lose(exchange);
		return false;
	}
	exchange->lost_ns = 0;
	mcp_http_sweep_soon(exchange->http);
	begin_stream(exchange);
	return true;
}

/* The whole answer is here before anything else was said. */
static void reply(struct mcp_exchange *exchange, const struct mcp_word *word)
{
	struct http_request *request = TAKE(exchange->request);
	unsigned status = exchange->session || !word->status ? 200 : word->status;

	if (exchange->is_initialize && !word->code)
		http_reply_header(request, "Mcp-Session-Id", exchange->session->id);
	http_reply(request, status, "application/json", word->text, strlen(word->text));
}

static void tell(struct mcp_exchange *exchange, const struct mcp_word *word)
{
	if (exchange->request && !mcp_exchange_open(exchange))
		return;
	if (exchange->stream && !word->ends &&
	    http_stream_queued_bytes(exchange->stream) > QUEUED_NEWS_MAX_BYTES)
		return;
	exchange->n_events++;
	if (exchange->session)
		mcp_history_add(&exchange->session->history, exchange, word->text);
	if (exchange->stream)
		write_event(exchange, exchange->n_events, word->text);
}

void mcp_exchange_say(void *data, void *exchange, const struct mcp_word *word)
{
	struct mcp_session *session = data;
	struct mcp_exchange *at = exchange;

	if (!at) { /* unasked: to who listens */
		if (session && session->listener)
			tell(session->listener, word);
		return;
	}
	if (at->request && word->ends && !at->is_batch)
		reply(at, word);
	else
		tell(at, word);
	if (!word->ends)
		return;
	if (!at->session && mcp_has_tasks(&at->http->alone))
		mcp_http_sweep_soon(at->http);
	at->n_open--;
	if (!at->n_open && !at->is_in_hand)
		mcp_exchange_free(at);
}

void mcp_exchange_settle(struct mcp_exchange *exchange)
{
	exchange->is_in_hand = false;
	if (!exchange->n_open)
		mcp_exchange_free(exchange);
	else if (exchange->lost_ns && !mcp_exchange_can_wait(exchange))
		mcp_exchange_abandon(exchange);
	else if (exchange->request)
		(void)mcp_exchange_open(exchange);
}
