#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bus_internal.h"

struct bus_event {
	struct bus_event *next;
	char *text;
	size_t len;
	char subject[BUS_SUBJECT_BYTES];
};

/* 'before' is the one before it, NULL for the first. */
static void drop(struct bus *bus, struct bus_event *event, struct bus_event *before)
{
	if (before)
		before->next = event->next;
	else
		bus->first = event->next;
	if (bus->last == event)
		bus->last = before;
	if (bus->next == event)
		bus->next = event->next;
	bus->n_queued--;
	bus->queued_bytes -= event->len;
	free(event->text);
	free(event);
}

static void drop_first(struct bus *bus)
{
	drop(bus, bus->first, NULL);
	bus->n_handed -= bus->n_handed > 0;
	bus->n_asked -= bus->n_asked > 0;
}

/* The last that was handed over. */
static struct bus_event *find_before_next(const struct bus *bus)
{
	struct bus_event *before = NULL;

	for (struct bus_event *event = bus->first; event != bus->next; event = event->next)
		before = event;
	return before;
}

void bus_hand_over(struct bus *bus)
{
	while (bus->is_up && bus->next) {
		struct bus_event *event = bus->next;
		int r = nats_publish(bus->nats, event->subject, event->text, event->len);

		if (r == -ENOBUFS || r == -ENOTCONN)
			break;
		if (r < 0) {
			bus->n_dropped++;
			drop(bus, event, find_before_next(bus));
			continue;
		}
		bus->next = event->next;
		bus->n_handed++;
	}
	/* Owing an answer it is asked again when that is there. */
	if (bus->is_up && bus->n_handed && nats_confirm(bus->nats) == 0)
		bus->n_asked = bus->n_handed;
}

void bus_confirm(struct bus *bus)
{
	unsigned n_refused = bus->n_refused_now < bus->n_asked ? bus->n_refused_now : bus->n_asked;

	bus->n_refused += n_refused;
	bus->n_sent += bus->n_asked - n_refused;
	bus->n_refused_now = 0;
	while (bus->n_asked)
		drop_first(bus);
	bus_hand_over(bus);
}

void bus_take_back(struct bus *bus)
{
	bus->next = bus->first;
	bus->n_handed = bus->n_asked = bus->n_refused_now = 0;
}

void bus_forget_all(struct bus *bus)
{
	while (bus->first)
		drop_first(bus);
}

/* Who hears it twice knows it by that. */
static void name_event(struct bus *bus, json_t *event)
{
	char id[48];

	text_format(id, sizeof(id), "%016" PRIx64 "-%" PRIu64, bus->run_id, ++bus->n_events);
	json_put(json_object_get(event, "metadata"), "event_id", json_string(id));
}

void bus_publish(struct bus *bus, const char *subject, json_t *json)
{
	CLEANUP(json) json_t *owned = json;
	struct bus_event *event;

	if (!bus_is_on(bus))
		return;
	event = calloc(1, sizeof(*event));
	if (!event)
		abort();
	name_event(bus, owned);
	event->text = json_canonical(owned);
	event->len = strlen(event->text);
	text_format(event->subject, sizeof(event->subject), "%s", subject);
	if (bus->last)
		bus->last->next = event;
	else
		bus->first = event;
	bus->last = event;
	if (!bus->next)
		bus->next = event;
	bus->n_queued++;
	bus->queued_bytes += event->len;
	while (bus->n_queued > BUS_MAX_QUEUED || bus->queued_bytes > BUS_MAX_BYTES) {
		drop_first(bus);
		bus->n_dropped++;
	}
	bus_hand_over(bus);
}
