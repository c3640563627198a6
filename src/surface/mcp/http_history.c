#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "surface/mcp/http_internal.h"

#define HISTORY_BYTES (256 * KIB) /* of a session */

void mcp_history_init(struct mcp_history *history, size_t *n_all)
{
	TAILQ_INIT(&history->events);
	history->n_bytes = 0;
	history->n_all = n_all;
}

static void drop_first(struct mcp_history *history)
{
	struct mcp_event *event = TAILQ_FIRST(&history->events);

	TAILQ_REMOVE(&history->events, event, link);
	history->n_bytes -= event->len;
	*history->n_all -= event->len;
	free(event);
}

void mcp_history_finish(struct mcp_history *history)
{
	while (!TAILQ_EMPTY(&history->events))
		drop_first(history);
}

/* The session whose first event is the oldest, of those that have a later one. */
static struct mcp_history *find_oldest(const struct mcp_http *http)
{
	struct mcp_history *oldest = NULL;
	struct mcp_session *session;

	LIST_FOREACH(session, &http->sessions, link)
	{
		struct mcp_event *event = TAILQ_FIRST(&session->history.events);

		if (event && TAILQ_NEXT(event, link) &&
		    (!oldest || event->at_ns < TAILQ_FIRST(&oldest->events)->at_ns))
			oldest = &session->history;
	}
	return oldest;
}

static void make_room(const struct mcp_http *http)
{
	struct mcp_history *oldest;

	while (http->n_history_bytes > http->config.history_bytes && (oldest = find_oldest(http)))
		drop_first(oldest);
}

/* What nobody has heard yet stays longer. */
void mcp_history_add(struct mcp_history *history, const struct mcp_exchange *exchange,
		     const char *text)
{
	size_t len = strlen(text);
	struct mcp_event *event = malloc(sizeof(*event) + len + 1);
	size_t max = exchange->stream ? HISTORY_BYTES : MCP_HISTORY_MAX_BYTES;

	if (!event)
		abort();
	*event = (struct mcp_event) { .at_ns = clock_monotonic_ns(),
				      .stream = exchange->number,
				      .number = exchange->n_events,
				      .len = len };
	memcpy(event->text, text, len + 1);
	TAILQ_INSERT_TAIL(&history->events, event, link);
	history->n_bytes += len;
	*history->n_all += len;
	while (history->n_bytes > max && TAILQ_FIRST(&history->events) != event)
		drop_first(history);
	make_room(exchange->http);
}

void mcp_history_forget_before(struct mcp_history *history, uint64_t at_ns)
{
	while (!TAILQ_EMPTY(&history->events) && TAILQ_FIRST(&history->events)->at_ns < at_ns)
		drop_first(history);
}
