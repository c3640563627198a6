/*
 * fleet_agents: as many agents as wanted, for bench/fleet and tests/many_agents.
 *
 *	fleet_agents https://127.0.0.1:PORT CA_FILE
 *
 * Orders come on standard input, a JSON object a line, and each is answered by one:
 *	{"do": "enrol", "n": 100, "token": "nsk_..."}
 *	{"do": "connect", "at_once": 200, "heartbeat_ms": 0}   when all are up
 *	{"do": "cut", "n": 20}    cuts the first so many; when all are up again
 *	{"do": "report"}
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "fleet.h"
#include "net/tls.h"

#include <fcntl.h>

#define ORDER_MAX_BYTES (8 * MIB)

void fleet_die(const struct error *err)
{
	(void)fprintf(stderr, "fleet_agents: %s\n", err->text);
	exit(1);
}

static void answer(json_t *body)
{
	(void)json_dumpf(body, stdout, JSON_COMPACT);
	(void)printf("\n");
	(void)fflush(stdout);
	json_decref(body);
}

static json_t *report(const struct fleet *fleet)
{
	const struct fleet_counters *counters = &fleet->counters;

	return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I}", "members",
			 (int)fleet->n_members, "up", (int)fleet->n_up, "dials", counters->dials,
			 "failures", counters->failures, "heartbeats", counters->heartbeats,
			 "heartbeats_answered", counters->answered, "heartbeats_lost",
			 counters->lost, "slowest_heartbeat_ms",
			 (double)counters->slowest_heartbeat_ns / NS_PER_MS, "calls",
			 counters->calls, "given_again", counters->given_again, "started_twice",
			 counters->started_twice, "acknowledged", counters->acknowledged);
}

void fleet_note_up(struct fleet *fleet)
{
	json_t *body;

	if (fleet->n_next < fleet->n_members)
		member_dial(&fleet->members[fleet->n_next++]);
	if (!fleet->waits_since_ns || fleet->n_up < fleet->n_members)
		return;
	body = report(fleet);
	json_put(body, "seconds",
		 json_real((double)(clock_monotonic_ns() - fleet->waits_since_ns) / NS_PER_SEC));
	fleet->waits_since_ns = 0;
	answer(body);
}

static void enrol(struct fleet *fleet, const json_t *order)
{
	uint64_t start_ns = clock_monotonic_ns();
	json_t *body, *ids = json_array();

	fleet_enrol(fleet, (unsigned)json_get_int(order, "n", 1),
		    json_get_text(order, "token", ""));
	body = report(fleet);
	for (unsigned i = 0; i < fleet->n_members; i++)
		json_push(ids, json_string(fleet->members[i].id));
	json_put(body, "agents", ids);
	json_put(body, "seconds",
		 json_real((double)(clock_monotonic_ns() - start_ns) / NS_PER_SEC));
	answer(body);
}

static void connect_all(struct fleet *fleet, const json_t *order)
{
	unsigned at_once = (unsigned)json_get_int(order, "at_once", 200);

	fleet->heartbeat_ms = (unsigned)json_get_int(order, "heartbeat_ms", 0);
	fleet->waits_since_ns = clock_monotonic_ns();
	while (fleet->n_next < fleet->n_members && fleet->n_next < at_once)
		member_dial(&fleet->members[fleet->n_next++]);
}

/* From now on they have these tools, and answer with what a real host once said. */
static void play(struct fleet *fleet, const json_t *order)
{
	fleet->tools = json_incref(json_object_get(order, "tools"));
	fleet->results = json_incref(json_object_get(order, "results"));
	fleet->delay_ms = (unsigned)json_get_int(order, "delay_ms", 0);
	answer(report(fleet));
}

static void cut(struct fleet *fleet, const json_t *order)
{
	unsigned n = (unsigned)json_get_int(order, "n", 1);

	fleet->waits_since_ns = clock_monotonic_ns();
	for (unsigned i = 0; i < n && i < fleet->n_members; i++)
		member_cut(&fleet->members[i]);
}

static void obey(struct fleet *fleet, const char *line)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *order = json_parse(line, strlen(line), ORDER_MAX_BYTES, &err);
	const char *what = json_get_text(order, "do", "");

	if (!order)
		fleet_die(&err);
	if (strcmp(what, "enrol") == 0)
		enrol(fleet, order);
	else if (strcmp(what, "connect") == 0)
		connect_all(fleet, order);
	else if (strcmp(what, "cut") == 0)
		cut(fleet, order);
	else if (strcmp(what, "play") == 0)
		play(fleet, order);
	else
		answer(report(fleet));
}

static void handle_input(struct bufferevent *stream, void *data)
{
	char *line;

	while ((line = evbuffer_readln(bufferevent_get_input(stream), NULL, EVBUFFER_EOL_LF))) {
		obey(data, line);
		free(line);
	}
}

static void handle_end(struct bufferevent *stream UNUSED, short what UNUSED, void *data)
{
	const struct fleet *fleet = data;

	(void)event_base_loopbreak(fleet->base);
}

static X509_STORE *load_trusted(const char *path)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { .text = "the CA cannot be read" };
	X509_STORE *trusted;

	buf_init(&text, MIB);
	if (fd < 0 || buf_read_fd(&text, fd) < 0)
		fleet_die(&err);
	trusted = tls_trust_parse(buf_text(&text), &err);
	if (!trusted)
		fleet_die(&err);
	return trusted;
}

int main(int argc, char **argv)
{
	struct fleet fleet = { 0 };
	struct bufferevent *input;

	if (argc != 3)
		return 2;
	log_set("fleet_agents", LOG_LEVEL_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	fleet.base = event_base_new();
	fleet.url = argv[1];
	fleet.ca_file = argv[2];
	fleet.trusted = load_trusted(argv[2]);
	(void)evutil_make_socket_nonblocking(STDIN_FILENO);
	input = bufferevent_socket_new(fleet.base, STDIN_FILENO, 0);
	if (!input)
		abort();
	bufferevent_setcb(input, handle_input, NULL, handle_end, &fleet);
	(void)bufferevent_enable(input, EV_READ);
	(void)event_base_dispatch(fleet.base);
	return 0; /* ten thousand links go with the process */
}
