/* Acknowledgements of outcomes: collected, and sent with what else an agent is told. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/link_internal.h"

void acks_forget(struct hub_link *link)
{
	if (!link->acks)
		return;
	LIST_REMOVE(link, acks_link);
	free(link->acks);
	link->acks = NULL;
}

void acks_send(struct hub_link *link)
{
	struct hub_acks *acks = link->acks;

	if (!acks)
		return;
	LIST_REMOVE(link, acks_link);
	link->acks = NULL;
	for (unsigned i = 0; i < acks->n; i++)
		link_send(link, json_fill("{\"jsonrpc\":\"2.0\",\"method\":\"calls/acknowledge\","
					  "\"params\":{\"call_id\":$s}}",
					  acks->calls[i]));
	free(acks);
}

static struct hub_acks *acks_new(struct hub_link *link)
{
	static const struct timeval delay = { .tv_usec = HUB_ACKS_NS / 1000 };
	struct hub *hub = link->hub;

	link->acks = calloc(1, sizeof(*link->acks));
	if (!link->acks)
		abort();
	LIST_INSERT_HEAD(&hub->acks, link, acks_link);
	if (!event_pending(hub->acks_timer, EV_TIMEOUT, NULL))
		(void)event_add(hub->acks_timer, &delay);
	return link->acks;
}

void acks_add(struct hub_link *link, const char *call)
{
	struct hub_acks *acks = link->acks ? link->acks : acks_new(link);

	text_copy(acks->calls[acks->n++], HUB_ID_BYTES, call);
	if (acks->n == HUB_MAX_ACKS)
		acks_send(link);
}

void acks_handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub *hub = data;

	while (!LIST_EMPTY(&hub->acks))
		acks_send(LIST_FIRST(&hub->acks));
}
