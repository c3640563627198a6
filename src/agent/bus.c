#include "agent/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/agent.h"
#include "agent/bus_internal.h"
#include "base/clock.h"
#include "base/log.h"

struct bus_event {
	struct bus_event *next;
	char *text;
	char subject[BUS_SUBJECT_BYTES];
};

bool bus_is_on(const struct bus *bus)
{
	return bus->url.host[0];
}

/* --- what waits ------------------------------------------------------------------------------ */

static void drop_first(struct bus *bus)
{
	struct bus_event *event = bus->first;

	bus->first = event->next;
	if (!bus->first)
		bus->last = NULL;
	bus->n_queued--;
	bus->queued_bytes -= strlen(event->text);
	free(event->text);
	free(event);
}

static void flush(struct bus *bus)
{
	while (bus->is_up && bus->first) {
		const struct bus_event *event = bus->first;
		int r = nats_publish(bus->nats, event->subject, event->text, strlen(event->text));

		if (r == -ENOBUFS || r == -ENOTCONN)
			return;
		if (r < 0)
			bus->n_dropped++;
		else
			bus->n_sent++;
		drop_first(bus);
	}
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
	event->text = json_canonical(owned);
	text_format(event->subject, sizeof(event->subject), "%s", subject);
	if (bus->last)
		bus->last->next = event;
	else
		bus->first = event;
	bus->last = event;
	bus->n_queued++;
	bus->queued_bytes += strlen(event->text);
	while (bus->n_queued > BUS_MAX_QUEUED || bus->queued_bytes > BUS_MAX_BYTES) {
		drop_first(bus);
		bus->n_dropped++;
	}
	flush(bus);
}

/* --- the connection --------------------------------------------------------------------------- */

static void wait_for_retry(struct bus *bus, int code)
{
	enum backoff_reason reason = code == -EACCES ? BACKOFF_REFUSED : BACKOFF_FAILED;
	uint64_t random = 0, wait_ns;
	struct timeval delay;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = clock_monotonic_ns();
	wait_ns = backoff_next(&bus->backoff, reason, random, 0);
	delay = (struct timeval) { .tv_sec = (time_t)(wait_ns / NS_PER_SEC),
				   .tv_usec = (suseconds_t)(wait_ns % NS_PER_SEC / 1000) };
	(void)event_add(bus->retry, &delay);
}

static void handle_up(struct nats *nats UNUSED, void *data)
{
	struct bus *bus = data;

	bus->is_up = true;
	bus->up_since_ns = clock_monotonic_ns();
	bus->n_connected++;
	bus->why[0] = '\0';
	log_info("connected to NATS at %s", bus->url.host);
	flush(bus);
}

/* The first failure of a kind is worth a line, a thousand are not. */
static void note_down(struct bus *bus, const struct error *err)
{
	if (strcmp(bus->why, err->text) != 0)
		log_warn("no connection to NATS: %s", err->text);
	text_format(bus->why, sizeof(bus->why), "%s", err->text);
	wait_for_retry(bus, err->code);
}

static void handle_down(struct nats *nats UNUSED, const struct error *err, void *data)
{
	struct bus *bus = data;

	if (bus->is_up)
		backoff_note_held(&bus->backoff, clock_monotonic_ns() - bus->up_since_ns);
	bus->is_up = false;
	bus->nats = NULL;
	note_down(bus, err);
}

static void handle_drained(struct nats *nats UNUSED, void *data)
{
	flush(data);
}

static void handle_message(struct str subject UNUSED, struct str payload, void *data)
{
	bus_take_signal(data, payload);
}

static void dial(struct bus *bus)
{
	struct agent *agent = bus->agent;
	char resolver[STATE_PATH_BYTES];
	bool has_both = bus->url.user && bus->url.password;
	struct nats_config config = {
		.host = bus->url.host,
		.port = bus->url.port,
		.tls = bus->tls,
		.resolver = resolver,
		.user = has_both ? bus->url.user : NULL,
		.password = has_both ? bus->url.password : NULL,
		.token = bus->token ? bus->token
			 : has_both ? NULL
				    : bus->url.user,
		.name = "constable-agent",
		.version = agent->version,
		.subjects = { bus->signals[0], bus->signals[1][0] ? bus->signals[1] : NULL },
		.handle_up = handle_up,
		.handle_message = handle_message,
		.handle_drained = handle_drained,
		.handle_down = handle_down,
		.data = bus,
	};
	struct error err = { 0 };

	text_format(resolver, sizeof(resolver), "%s/constable-resolver", agent->executables);
	bus->nats = nats_connect(agent->base, &config, &err);
	if (!bus->nats)
		note_down(bus, &err);
}

static void handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	dial(data);
}

void bus_start(struct bus *bus)
{
	if (!bus_is_on(bus))
		return;
	bus->retry = event_new(bus->agent->base, -1, 0, handle_retry, bus);
	if (!bus->retry)
		abort();
	dial(bus);
}

void bus_finish(struct bus *bus)
{
	if (bus->agent && bus->agent->warden)
		warden_forget(bus->agent->warden, bus);
	nats_close(bus->nats);
	if (bus->retry)
		event_free(bus->retry);
	while (bus->first)
		drop_first(bus);
	SSL_CTX_free(bus->tls);
	url_finish(&bus->url);
	if (bus->token)
		explicit_bzero(bus->token, strlen(bus->token));
	free(bus->token);
	*bus = (struct bus) { 0 };
}

json_t *bus_describe(const struct bus *bus)
{
	json_t *about;

	if (!bus_is_on(bus))
		return NULL;
	about = json_pack("{s:s, s:s, s:i, s:I, s:I, s:I}", "state",
			  bus->is_up ? "connected" : "disconnected", "server", bus->url.host,
			  "queued", (int)bus->n_queued, "sent", (json_int_t)bus->n_sent, "dropped",
			  (json_int_t)bus->n_dropped, "signals", (json_int_t)bus->n_signals);
	if (bus->why[0])
		json_put(about, "why", json_text(bus->why, strlen(bus->why)));
	return about;
}
