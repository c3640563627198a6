#include "server/api/within.h"

#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/exchange_internal.h"

struct within {
	struct http_request http; /* that nobody sent */
	within_done *done;        /* NULL: dropped */
	void *data;
	unsigned status;
	json_t *body;
	struct event event;
};

static void handle_answer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct within *within = data;

	if (within->done)
		within->done(within->status, within->body, within->data);
	json_decref(within->body);
	free(within);
}

void within_take(struct within *within, unsigned status, json_t *body)
{
	within->status = status;
	within->body = body;
	event_active(&within->event, EV_TIMEOUT, 0);
}

static const struct router_entry *find_route(const struct api *api, const char *operation)
{
	const struct router *router = api->router;
	unsigned i = 0;

	while (i < router->n && strcmp(router->entries[i].route->operation, operation) != 0)
		i++;
	/* The names are ours. */
	if (i == router->n)
		abort();
	return &router->entries[i];
}

struct within *within_ask(struct api *api, const struct within_question *question,
			  within_done *done, void *data)
{
	static const struct http_peer nobody = { .uid = (uid_t)-1 };
	const struct router_entry *entry = find_route(api, question->operation);
	struct within *within = calloc(1, sizeof(*within));
	struct exchange *exchange;

	if (!within)
		abort();
	*within = (struct within) {
		.http = { .method = entry->route->method,
			  .target = entry->route->pattern,
			  .path = entry->route->pattern,
			  .body = "",
			  .peer = &nobody },
		.done = done,
		.data = data,
	};
	if (event_assign(&within->event, api->base, -1, 0, handle_answer, within) < 0)
		abort();
	exchange = exchange_new(api, &within->http);
	exchange->within = within;
	exchange->entry = entry;
	exchange->caller = *question->caller;
	exchange->query = question->query ? question->query : json_object();
	exchange->body = question->body ? question->body : json_object();
	if (question->param)
		text_format(exchange->params[0], sizeof(exchange->params[0]), "%s",
			    question->param);
	api_admit(exchange);
	return within;
}

void within_drop(struct within *within)
{
	within->done = NULL;
	/* What only waits ends as for a client that left; nothing else knows of it then. */
	if (within->http.gone) {
		within->http.gone(&within->http);
		free(within);
	}
}
