#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/agent.h"
#include "agent/bus_internal.h"
#include "base/clock.h"
#include "base/log.h"

#define REASON_MAX_BYTES 200

bool bus_is_on(const struct bus *bus)
{
	return bus->url.host[0];
}

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
	bus_hand_over(bus);
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
	bus_take_back(bus);
	note_down(bus, err);
}

static void handle_drained(struct nats *nats UNUSED, void *data)
{
	bus_hand_over(data);
}

static void handle_confirmed(struct nats *nats UNUSED, void *data)
{
	bus_confirm(data);
}

/* Of a subject that is named between quotes, or of all. */
static void note_deaf(struct bus *bus, struct str why)
{
	char quoted[BUS_SUBJECT_BYTES + 2];
	bool is_found = false;

	for (size_t i = 0; i < ARRAY_LEN(bus->subjects); i++) {
		text_format(quoted, sizeof(quoted), "\"%s\"", bus->subjects[i]);
		if (bus->subjects[i][0] && memmem(why.data, why.len, quoted, strlen(quoted)))
			is_found = bus->is_deaf[i] = true;
	}
	if (!is_found)
		bus->is_deaf[0] = bus->is_deaf[1] = true;
	text_format(bus->deaf_why, sizeof(bus->deaf_why), "%.*s",
		    (int)(why.len > REASON_MAX_BYTES ? REASON_MAX_BYTES : why.len), why.data);
}

/* Said once for a connection: the server says it for each message. */
static void handle_refused(struct nats *nats UNUSED, enum nats_refused what, struct str why,
			   void *data)
{
	struct bus *bus = data;
	int len = (int)(why.len > REASON_MAX_BYTES ? REASON_MAX_BYTES : why.len);

	if (!bus->refusal[0])
		log_warn("NATS refuses: %.*s", len, why.data);
	text_format(bus->refusal, sizeof(bus->refusal), "%.*s", len, why.data);
	if (what == NATS_REFUSED_SUBJECT)
		note_deaf(bus, why);
	else
		bus->n_refused_now++;
}

static void handle_message(struct str subject UNUSED, struct str payload, void *data)
{
	bus_take_signal(data, payload);
}

static void dial(struct bus *bus)
{
	struct agent *agent = bus->agent;
	char resolver[STATE_PATH_BYTES];
	struct nats_config config = {
		.host = bus->url.host,
		.port = bus->url.port,
		.tls = bus->tls,
		.is_tls_first = bus->is_tls_first,
		.is_local = bus->is_local && !bus->tls,
		.resolver = resolver,
		.credentials = &bus->credentials,
		.name = "constable-agent",
		.version = agent->version,
		.subjects = { bus->subjects[0][0] ? bus->subjects[0] : NULL,
			      bus->subjects[1][0] ? bus->subjects[1] : NULL },
		.handle_up = handle_up,
		.handle_message = handle_message,
		.handle_drained = handle_drained,
		.handle_confirmed = handle_confirmed,
		.handle_refused = handle_refused,
		.handle_down = handle_down,
		.data = bus,
	};
	struct error err = { 0 };

	bus->is_deaf[0] = bus->is_deaf[1] = false;
	bus->refusal[0] = bus->deaf_why[0] = '\0';
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
	if (getrandom(&bus->run_id, sizeof(bus->run_id), GRND_NONBLOCK) < 0)
		bus->run_id = clock_wall_ns();
	bus->retry = event_new(bus->agent->base, -1, 0, handle_retry, bus);
	if (!bus->retry)
		abort();
	dial(bus);
}

void bus_finish(struct bus *bus)
{
	bus_forget_signals(bus);
	nats_close(bus->nats);
	if (bus->retry)
		event_free(bus->retry);
	bus_forget_all(bus);
	SSL_CTX_free(bus->tls);
	url_finish(&bus->url);
	nats_credentials_finish(&bus->credentials);
	*bus = (struct bus) { 0 };
}

/* What is heard, and why not all of it is. */
static void describe_listening(const struct bus *bus, json_t *about)
{
	json_t *listening = json_array();
	const char *why = !bus->subjects[0][0] ? "without TLS whoever is between could send signals"
			  : !bus->is_up        ? "it is not connected"
					       : bus->deaf_why;

	for (size_t i = 0; i < ARRAY_LEN(bus->subjects); i++)
		if (bus->is_up && bus->subjects[i][0] && !bus->is_deaf[i])
			json_push(listening, json_string(bus->subjects[i]));
	json_put(about, "listening", listening);
	if (*why)
		json_put(about, "not_listening", json_text(why, strlen(why)));
}

json_t *bus_describe(const struct bus *bus)
{
	json_t *about;

	if (!bus_is_on(bus))
		return NULL;
	about = json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:I}", "state",
			  bus->is_up ? "connected" : "disconnected", "server", bus->url.host,
			  "queued", (int)bus->n_queued, "sent", (json_int_t)bus->n_sent, "dropped",
			  (json_int_t)bus->n_dropped, "refused", (json_int_t)bus->n_refused,
			  "signals", (json_int_t)bus->signals.n, "signals_ignored",
			  (json_int_t)bus->signals.n_ignored);
	describe_listening(bus, about);
	if (bus->refusal[0])
		json_put(about, "refusal", json_text(bus->refusal, strlen(bus->refusal)));
	if (bus->why[0])
		json_put(about, "why", json_text(bus->why, strlen(bus->why)));
	return about;
}
