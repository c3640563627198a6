/* get_network: interfaces, addresses, routes, and how well TCP, UDP and conntrack do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "host/network.h"
#include "tools/catalogue.h"
#include "tools/network/conntrack.h"
#include "tools/network/interfaces.h"
#include "tools/network/port_range.h"
#include "tools/network/tally.h"

#define MAX_TABLE_BYTES (64 * MIB)

struct rate {
	const char *counter;
	const char *total; /* member with the count since boot, or NULL */
	const char *per_second;
};

static const struct rate tcp_rates[] = {
	{ "Tcp.OutSegs", "segments_sent", "segments_sent_per_s" },
	{ "Tcp.RetransSegs", "retransmits", "retransmits_per_s" },
	{ "Tcp.EstabResets", "resets", "resets_per_s" },
	{ "Tcp.OutRsts", "resets_sent", "resets_sent_per_s" },
	{ "Tcp.AttemptFails", "failed_attempts", "failed_attempts_per_s" },
	{ "Tcp.ActiveOpens", "active_opens", "active_opens_per_s" },
	{ "Tcp.PassiveOpens", "passive_opens", "passive_opens_per_s" },
	{ "TcpExt.ListenOverflows", "listen_overflows", "listen_overflows_per_s" },
	{ "TcpExt.ListenDrops", "listen_drops", "listen_drops_per_s" },
	{ "TcpExt.TCPReqQFullDrop", "syn_dropped", "syn_dropped_per_s" },
	{ "TcpExt.TCPReqQFullDoCookies", "syn_cookies", "syn_cookies_per_s" },
	{ "TcpExt.TCPTimeouts", "timeouts", "timeouts_per_s" },
	{ "TcpExt.TCPSynRetrans", "syn_retransmits", "syn_retransmits_per_s" },
	{ "TcpExt.TCPAbortOnMemory", "aborts_on_memory", "aborts_on_memory_per_s" },
	{ "TcpExt.TCPAbortOnTimeout", "aborts_on_timeout", "aborts_on_timeout_per_s" },
	{ "TcpExt.TCPMemoryPressures", "memory_pressures", "memory_pressures_per_s" },
};

static const struct rate udp_rates[] = {
	{ "Udp.InDatagrams", "received", "received_per_s" },
	{ "Udp.OutDatagrams", "sent", "sent_per_s" },
	{ "Udp.NoPorts", "no_port", "no_port_per_s" },
	{ "Udp.InErrors", "receive_errors", "receive_errors_per_s" },
	{ "Udp.RcvbufErrors", "receive_buffer_errors", "receive_buffer_errors_per_s" },
	{ "Udp.SndbufErrors", "send_buffer_errors", "send_buffer_errors_per_s" },
};

static int64_t grown(const json_t *before, const json_t *after, const char *name)
{
	int64_t growth = json_get_int(after, name, 0) - json_get_int(before, name, 0);

	return growth > 0 ? growth : 0;
}

static json_t *rates_json(const struct rate *rates, size_t n, const json_t *const samples[2],
			  double seconds)
{
	json_t *json = json_object();

	for (size_t i = 0; i < n; i++) {
		int64_t growth = grown(samples[0], samples[1], rates[i].counter);

		/* A kernel that lacks a counter has nothing to say, not zero. */
		if (!json_object_get(samples[1], rates[i].counter))
			continue;
		json_put(json, rates[i].total,
			 json_integer(json_get_int(samples[1], rates[i].counter, 0)));
		json_put(json, rates[i].per_second, json_figure((double)growth / seconds));
	}
	return json;
}

static double percent(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void put_tcp(const json_t *const samples[2], double seconds, json_t *result)
{
	json_t *tcp = rates_json(tcp_rates, ARRAY_LEN(tcp_rates), samples, seconds);
	int64_t sent = grown(samples[0], samples[1], "Tcp.OutSegs");

	json_put(tcp, "established", json_integer(json_get_int(samples[1], "Tcp.CurrEstab", 0)));
	json_put(tcp, "sent_in_sample", json_integer(sent));
	json_put(tcp, "retransmit_percent",
		 json_figure(percent(grown(samples[0], samples[1], "Tcp.RetransSegs"), sent)));
	json_put(tcp, "retransmit_percent_since_boot",
		 json_figure(percent(json_get_int(samples[1], "Tcp.RetransSegs", 0),
				     json_get_int(samples[1], "Tcp.OutSegs", 0))));
	json_put(result, "tcp", tcp);
	json_put(result, "udp", rates_json(udp_rates, ARRAY_LEN(udp_rates), samples, seconds));
}

/* "TCP: inuse 5 orphan 0 tw 3 alloc 7 mem 2" */
static void put_sockstat(const struct host *host, json_t *tcp)
{
	CLEANUP(fd) int fd = network_open(host, "sockstat");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line, name;

	if (fd < 0)
		return;
	lines_init(&lines, fd, 64 * KIB);
	while (lines_next(&lines, &line)) {
		const char *at = line.data;
		uint64_t value;

		if (!scan_text(&at, "TCP:"))
			continue;
		while (scan_word(&at, &name) && scan_u64(&at, &value))
			if (str_is(name, "orphan"))
				json_put(tcp, "orphans", json_integer((json_int_t)value));
			else if (str_is(name, "tw"))
				json_put(tcp, "time_wait", json_integer((json_int_t)value));
			else if (str_is(name, "mem"))
				json_put(tcp, "memory_pages", json_integer((json_int_t)value));
	}
}

struct port_use {
	uint64_t low, high;
	uint8_t seen[8192]; /* a bit for each port */
	int64_t used;
	struct tally destinations;
};

static void use_port(struct port_use *use, const struct socket_line *line)
{
	uint16_t port = line->local.port;
	char text[SOCKET_ADDRESS_TEXT_BYTES], name[64];
	json_t *entry;

	if (line->state == SOCKET_LISTEN || port < use->low || port > use->high)
		return;
	use->used += !(use->seen[port / 8] & 1 << port % 8);
	use->seen[port / 8] |= (uint8_t)(1 << port % 8);
	(void)snprintf(name, sizeof(name), "%s %u", socket_address_format(&line->remote, text),
		       line->remote.port);
	entry = tally_add(&use->destinations, name);
	if (!entry)
		return;
	json_put(entry, "address", json_string(text));
	json_put(entry, "port", json_integer(line->remote.port));
}

static void use_ports(const struct host *host, const char *table, struct port_use *use)
{
	CLEANUP(fd) int fd = network_open(host, table);
	CLEANUP(lines) struct lines lines = { 0 };
	struct socket_line parsed;
	struct str line;

	if (fd < 0)
		return;
	lines_init(&lines, fd, MAX_TABLE_BYTES);
	while (lines_next(&lines, &line))
		if (socket_line_parse(line.data, &parsed))
			use_port(use, &parsed);
}

/* Ports taken out of the range for outgoing connections; a pair (address, port) has its own. */
static void put_ephemeral(struct task *task, json_t *result)
{
	const struct host *host = task->host;
	struct port_use use = { .low = 0 };
	CLEANUP(json) json_t *top = NULL;
	json_t *member, *worst;
	const char *source = port_range_read(task, &use.low, &use.high);

	tally_init(&use.destinations);
	use_ports(host, "tcp", &use);
	use_ports(host, "tcp6", &use);
	top = tally_top(&use.destinations, 1);
	worst = json_array_get(top, 0);
	member = json_pack("{s:I, s:[I,I], s:o}", "used", (json_int_t)use.used, "range",
			   (json_int_t)use.low, (json_int_t)use.high, "used_percent",
			   json_figure(percent(worst ? json_get_int(worst, "n", 0) : 0,
					       (int64_t)(use.high - use.low) + 1)));
	json_put(member, "top_destination", worst ? json_incref(worst) : json_null());
	json_put(member, "range_source", json_string(source));
	json_put(result, "ephemeral_ports", member);
	tally_finish(&use.destinations);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	CLEANUP(json) json_t *before = network_counters(task->host);
	CLEANUP(json) json_t *after = NULL;
	double seconds;

	if (!json_object_size(before))
		tool_unread(result, "network counters", -ENOENT);
	interfaces_read(task->host, result);
	routes_read(task->host, result);
	seconds = (double)host_wait(task->host,
				    (uint64_t)json_get_int(args, "sample_ms", 250) * NS_PER_MS) /
		  (double)NS_PER_SEC;
	after = network_counters(task->host);
	interfaces_rate(task->host, seconds, result);
	put_tcp((const json_t *[]) { before, after }, seconds, result);
	put_sockstat(task->host, json_object_get(result, "tcp"));
	json_put(result, "conntrack", conntrack_json(task->host));
	put_ephemeral(task, result);
	json_put(result, "sampled_s", json_figure(seconds));
	return 0;
}

#define ROUTE "destination: string, interface: string, metric: integer, gateway: string|null"

const struct tool tool_get_network = {
	.info = {
		.name = "get_network",
		.summary = "Interfaces with addresses, errors and rates, routes, TCP and UDP health, "
			   "connection tracking and outgoing ports of the host.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"sample_ms\":{\"type\":\"integer\",\"minimum\":10,\"maximum\":10000,"
			  "\"default\":250,\"description\":\"time between the two looks\"}}}",
		.result = "sampled_s: number, " INTERFACES_RESULT ", routes: [{" ROUTE
			"}], default_route: {" ROUTE
			", gateway_answers: boolean|null}|null, tcp: {established: integer, "
			"sent_in_sample: integer, retransmit_percent: number, "
			"retransmit_percent_since_boot: number, orphans?: integer, "
			"time_wait?: integer, memory_pages?: integer, segments_sent?: integer, "
			"segments_sent_per_s?: number, retransmits?: integer, "
			"retransmits_per_s?: number, resets?: integer, resets_per_s?: number, "
			"resets_sent?: integer, resets_sent_per_s?: number, "
			"failed_attempts?: integer, failed_attempts_per_s?: number, "
			"active_opens?: integer, active_opens_per_s?: number, "
			"passive_opens?: integer, passive_opens_per_s?: number, "
			"listen_overflows?: integer, listen_overflows_per_s?: number, "
			"listen_drops?: integer, listen_drops_per_s?: number, "
			"syn_dropped?: integer, syn_dropped_per_s?: number, syn_cookies?: integer, "
			"syn_cookies_per_s?: number, timeouts?: integer, timeouts_per_s?: number, "
			"syn_retransmits?: integer, syn_retransmits_per_s?: number, "
			"aborts_on_memory?: integer, aborts_on_memory_per_s?: number, "
			"aborts_on_timeout?: integer, aborts_on_timeout_per_s?: number, "
			"memory_pressures?: integer, memory_pressures_per_s?: number}, "
			"udp: {received?: integer, received_per_s?: number, sent?: integer, "
			"sent_per_s?: number, no_port?: integer, no_port_per_s?: number, "
			"receive_errors?: integer, receive_errors_per_s?: number, "
			"receive_buffer_errors?: integer, receive_buffer_errors_per_s?: number, "
			"send_buffer_errors?: integer, send_buffer_errors_per_s?: number}, "
			"conntrack: {" CONNTRACK_RESULT
			"}|null, ephemeral_ports: {used: integer, range: [integer], "
			"range_source: string, used_percent: number, "
			"top_destination: {address: string, port: integer, n: integer}|null}",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
