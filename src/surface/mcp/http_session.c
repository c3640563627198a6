#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/sse.h"
#include "surface/mcp/http_internal.h"

#define SWEEP_S 10

void mcp_http_sweep_soon(struct mcp_http *http)
{
	static const struct timeval soon = { .tv_sec = SWEEP_S };

	if (!event_pending(&http->sweep, EV_TIMEOUT, NULL))
		(void)event_add(&http->sweep, &soon);
}

/* The one that was used last longest ago and has nothing under way. */
static struct mcp_session *find_stale(struct mcp_http *http)
{
	struct mcp_session *session, *stale = NULL;

	LIST_FOREACH(session, &http->sessions, link)
	{
		if (LIST_EMPTY(&session->exchanges) &&
		    (!stale || session->seen_ns < stale->seen_ns))
			stale = session;
	}
	return stale;
}

struct mcp_session *mcp_session_new(struct mcp_http *http)
{
	struct mcp_session *session =
		http->n_sessions < http->config.max_sessions ? NULL : find_stale(http);

	if (session)
		mcp_session_end(session);
	if (http->n_sessions >= http->config.max_sessions)
		return NULL;
	session = calloc(1, sizeof(*session));
	if (!session)
		abort();
	session->http = http;
	session->peer = (struct mcp_peer) { .say = mcp_exchange_say, .data = session };
	session->mcp = (struct mcp) { .peer = &session->peer, .offer = http->offer };
	session->seen_ns = clock_monotonic_ns();
	LIST_INIT(&session->exchanges);
	mcp_history_init(&session->history, &http->n_history_bytes);
	nonce_make(session->id);
	LIST_INSERT_HEAD(&http->sessions, session, link);
	http->n_sessions++;
	mcp_http_sweep_soon(http);
	return session;
}

struct mcp_session *mcp_session_find(struct mcp_http *http, const char *id)
{
	struct mcp_session *session;

	LIST_FOREACH(session, &http->sessions, link)
	{
		if (token_equal(session->id, strlen(session->id), id, strlen(id))) {
			session->seen_ns = clock_monotonic_ns();
			return session;
		}
	}
	return NULL;
}

void mcp_session_end(struct mcp_session *session)
{
	struct mcp_exchange *exchange;

	mcp_finish(&session->mcp);
	while ((exchange = LIST_FIRST(&session->exchanges)))
		mcp_exchange_free(exchange);
	mcp_history_finish(&session->history);
	LIST_REMOVE(session, link);
	session->http->n_sessions--;
	free(session);
}

void mcp_session_listen(struct mcp_session *session, struct http_request *request)
{
	if (session->listener) {
		mcp_http_refuse(request, 409, NULL, JSONRPC_INVALID_REQUEST,
				"this session has a stream for that already");
		return;
	}
	session->listener = mcp_exchange_new(session->http, session, request);
	session->listener_number = session->listener->number;
	(void)mcp_exchange_open(session->listener);
}

static struct mcp_exchange *find_exchange(const struct mcp_session *session, unsigned number)
{
	struct mcp_exchange *exchange;

	LIST_FOREACH(exchange, &session->exchanges, link)
	{
		if (exchange->number == number)
			return exchange;
	}
	return NULL;
}

static bool read_event_id(const char *text, unsigned *stream_out, unsigned *number_out)
{
	uint64_t stream, number;

	if (!scan_u64(&text, &stream) || !scan_text(&text, "-") || !scan_u64(&text, &number) ||
	    *text || stream > UINT32_MAX || number > UINT32_MAX)
		return false;
	*stream_out = (unsigned)stream;
	*number_out = (unsigned)number;
	return true;
}

static bool has_events(const struct mcp_history *history, unsigned stream, unsigned behind)
{
	const struct mcp_event *event;

	TAILQ_FOREACH(event, &history->events, link)
	{
		if (event->stream == stream && event->number > behind)
			return true;
	}
	return false;
}

static void repeat(struct mcp_exchange *exchange, unsigned behind)
{
	const struct mcp_event *event;

	TAILQ_FOREACH(event, &exchange->session->history.events, link)
	{
		if (event->stream == exchange->number && event->number > behind)
			mcp_exchange_repeat(exchange, event);
	}
	/* All of it was said while nobody listened. */
	if (!exchange->n_open && exchange != exchange->session->listener)
		mcp_exchange_free(exchange);
}

void mcp_session_resume(struct mcp_session *session, struct http_request *request,
			const char *last_event)
{
	unsigned stream, behind;
	struct mcp_exchange *exchange;

	if (!read_event_id(last_event, &stream, &behind)) {
		mcp_http_refuse(request, 400, NULL, JSONRPC_INVALID_REQUEST,
				"Last-Event-ID is the id of no event of ours");
		return;
	}
	exchange = find_exchange(session, stream);
	if (!exchange && stream != session->listener_number &&
	    !has_events(&session->history, stream, behind)) {
		mcp_http_refuse(request, 400, NULL, JSONRPC_INVALID_REQUEST,
				"nothing of that stream is kept any more; ask again");
		return;
	}
	if (!exchange) {
		exchange = mcp_exchange_new(session->http, session, request);
		exchange->number = stream;
		exchange->n_events = behind;
		if (stream == session->listener_number)
			session->listener = exchange;
	}
	exchange->request = request;
	if (exchange->stream) /* of a connection whose end nobody has seen yet */
		http_stream_abort(TAKE(exchange->stream));
	if (mcp_exchange_open(exchange))
		repeat(exchange, behind);
}

static void sweep_exchanges(struct mcp_exchanges *exchanges, uint64_t before_ns)
{
	struct mcp_exchange *exchange, *next;

	for (exchange = LIST_FIRST(exchanges); exchange; exchange = next) {
		next = LIST_NEXT(exchange, link);
		if (exchange->lost_ns && !exchange->stream &&
		    (exchange->lost_ns < before_ns || !mcp_exchange_can_wait(exchange)))
			mcp_exchange_abandon(exchange);
	}
}

/* So that who is dead is found out, and who is not is not taken for it. */
static void keep_warm(const struct mcp_exchange *exchange)
{
	CLEANUP(buf) struct buf out = { 0 };

	if (!exchange || !exchange->stream || http_stream_queued_bytes(exchange->stream))
		return;
	buf_init(&out, KIB);
	sse_format_comment("", &out);
	if (http_stream_write(exchange->stream, out.data, out.len) < 0)
		return; /* so much waits already that no comment is needed */
}

void mcp_http_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct mcp_http *http = data;
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t before_ns = now_ns - http->config.resume_ns;
	struct mcp_session *session, *next;
	struct mcp_exchange *exchange;

	sweep_exchanges(&http->exchanges, before_ns);
	LIST_FOREACH(exchange, &http->exchanges, link) keep_warm(exchange);
	mcp_tasks_sweep(&http->alone);
	for (session = LIST_FIRST(&http->sessions); session; session = next) {
		next = LIST_NEXT(session, link);
		sweep_exchanges(&session->exchanges, before_ns);
		mcp_history_forget_before(&session->history, before_ns);
		keep_warm(session->listener);
		if (session->mcp.n_calls)
			session->seen_ns = now_ns;
		else if (session->seen_ns + http->config.idle_ns < now_ns)
			mcp_session_end(session);
	}
	if (!LIST_EMPTY(&http->sessions) || !LIST_EMPTY(&http->exchanges) ||
	    mcp_has_tasks(&http->alone))
		mcp_http_sweep_soon(http);
}
