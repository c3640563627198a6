/* The link of one agent: dial, hello, heartbeat, and back again when it is lost. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "fleet.h"
#include "net/dial.h"

#define MESSAGE_MAX_BYTES (8 * MIB)

static struct timeval timeval_of(uint64_t ns)
{
	return (struct timeval) { .tv_sec = (time_t)(ns / NS_PER_SEC),
				  .tv_usec = (suseconds_t)(ns % NS_PER_SEC / 1000) };
}

static void handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	member_dial(data);
}

static void wait_for_retry(struct member *member)
{
	uint64_t random = 0;
	struct timeval delay;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		abort();
	delay = timeval_of(backoff_next(&member->backoff, BACKOFF_FAILED, random, 0));
	if (!member->retry)
		member->retry = event_new(member->fleet->base, -1, 0, handle_retry, member);
	(void)event_add(member->retry, &delay);
}

static void handle_closed(struct websocket *ws UNUSED, unsigned code UNUSED,
			  const char *reason UNUSED, void *data)
{
	struct member *member = data;

	if (member->beat)
		(void)event_del(member->beat);
	if (member->is_up) {
		member->fleet->n_up--;
		backoff_note_held(&member->backoff, clock_monotonic_ns() - member->up_since_ns);
	} else {
		member->fleet->counters.failures++;
	}
	member->ws = NULL;
	member->is_up = false;
	member->heartbeat_id = 0;
	wait_for_retry(member);
}

void member_send(struct member *member, char *text)
{
	if (member->ws && websocket_send(member->ws, text, strlen(text)) < 0)
		websocket_abort(member->ws, WEBSOCKET_LOST, "it takes no more");
	free(text);
}

static void request(struct member *member, const char *method, json_t *params)
{
	json_t *id = json_integer(++member->next_id);

	member_send(member, jsonrpc_format_request(id, method, params));
	json_decref(id);
}

static void say_hello(struct member *member)
{
	char group[16];

	text_format(group, sizeof(group), "%u", member->number / FLEET_GROUP);
	request(member, "hello",
		json_pack("{s:s, s:s, s:s, s:{s:s}, s:[], s:[s,s], s:s, s:o}", "agent_id",
			  member->id, "hostname", member->id, "version", "0.1.0", "labels", "group",
			  group, "namespaces", "capabilities", "tools", "durable-calls", "boot_id",
			  "5f1a1c0e-0000-4000-8000-000000000000", "calls",
			  member_list_calls(member)));
	member->hello_id = member->next_id;
}

/* As the agent does it: one without an answer until the next means that nobody is there. */
static void handle_beat(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct member *member = data;
	char time[CLOCK_TEXT_BYTES];

	if (member->heartbeat_id) {
		member->fleet->counters.lost++;
		member_cut(member);
		return;
	}
	request(member, "heartbeat",
		json_pack("{s:s}", "time", clock_format(clock_wall_ns(), time)));
	member->heartbeat_id = member->next_id;
	member->beaten_ns = clock_monotonic_ns();
	member->fleet->counters.heartbeats++;
}

static void start_beating(struct member *member, uint64_t every_ms)
{
	struct timeval every = timeval_of(every_ms * NS_PER_MS);

	if (!member->beat)
		member->beat = event_new(member->fleet->base, -1, EV_PERSIST, handle_beat, member);
	(void)event_add(member->beat, &every);
}

static void take_hello(struct member *member, const struct jsonrpc_message *message)
{
	struct fleet *fleet = member->fleet;

	member->hello_id = 0;
	if (message->kind == JSONRPC_ERROR) {
		member_cut(member);
		return;
	}
	member->is_up = true;
	member->up_since_ns = clock_monotonic_ns();
	start_beating(member,
		      fleet->heartbeat_ms
			      ? fleet->heartbeat_ms
			      : (uint64_t)json_get_int(message->result, "heartbeat_s", 30) * 1000);
	member_repeat(member);
	fleet->n_up++;
	fleet_note_up(fleet);
}

static void take_heartbeat(struct member *member)
{
	struct fleet_counters *counters = &member->fleet->counters;
	uint64_t took_ns = clock_monotonic_ns() - member->beaten_ns;

	member->heartbeat_id = 0;
	counters->answered++;
	if (took_ns > counters->slowest_heartbeat_ns)
		counters->slowest_heartbeat_ns = took_ns;
}

static void handle_message(struct websocket *ws UNUSED, const char *text, size_t len, void *data)
{
	struct member *member = data;
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };

	if (jsonrpc_parse(text, len, MESSAGE_MAX_BYTES, &message, &err) < 0)
		fleet_die(&err);
	if (message.kind == JSONRPC_REQUEST || message.kind == JSONRPC_NOTIFICATION)
		member_take(member, &message);
	else if (member->hello_id && json_integer_value(message.id) == member->hello_id)
		take_hello(member, &message);
	else if (member->heartbeat_id && json_integer_value(message.id) == member->heartbeat_id)
		take_heartbeat(member);
}

static void handle_dialled(struct dial *done UNUSED, struct dial_outcome *outcome, void *data)
{
	struct member *member = data;

	member->dial = NULL;
	member->ws = outcome->ws;
	if (member->ws) {
		say_hello(member);
		return;
	}
	if (member->fleet->counters.failures++ == 0)
		(void)fprintf(stderr, "fleet_agents: %s\n", outcome->err.text);
	wait_for_retry(member);
}

void member_dial(struct member *member)
{
	char url[FLEET_URL_BYTES];
	struct error err = { 0 };
	struct dial_config config = {
		.url = url,
		.tls = member->tls,
		.resolver = "",
		.websocket = { .handle_message = handle_message,
			       .handle_closed = handle_closed,
			       .data = member,
			       .max_message_bytes = MESSAGE_MAX_BYTES },
		.handle_done = handle_dialled,
		.data = member,
	};

	text_format(url, sizeof(url), "wss%s/api/v1/agents/%s/ws",
		    member->fleet->url + strlen("https"), member->id);
	member->fleet->counters.dials++;
	member->dial = dial_start(member->fleet->base, &config, &err);
	if (!member->dial)
		fleet_die(&err);
}

void member_cut(struct member *member)
{
	if (member->ws)
		websocket_abort(member->ws, WEBSOCKET_LOST, "cut");
}
