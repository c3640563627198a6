/* list_sockets: who listens, who talks to whom, and which connections are stuck. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/cgroup.h"
#include "host/network.h"
#include "host/process.h"
#include "tools/catalogue.h"
#include "tools/network/socket_owners.h"
#include "tools/network/tally.h"

#define MAX_TABLE_BYTES (64 * MIB)
#define MAX_LISTENERS 500
#define MAX_TOP 20
#define MAX_ENDS 64 /* of established connections, the most frequent */

struct listing {
	struct task *task;
	struct socket_owners owners;
	struct cgroups cgroups;
	const char *state; /* filters, or NULL and -1 */
	int64_t port;
	size_t max;
	bool truncated;
	uint64_t n_connections, n_udp, udp_drops;
	uint64_t by_state[SOCKET_N_STATES];
	struct tally peers, connecting, processes, incoming, outgoing;
	uint8_t listens[8192]; /* a bit for each port that is listened on */
	json_t *listeners, *udp, *matching;
};

static json_t *describe(const struct listing *listing, const char *protocol,
			const struct socket_line *line)
{
	char local[SOCKET_ADDRESS_TEXT_BYTES];
	json_t *entry = json_pack("{s:s, s:s, s:i, s:I}", "protocol", protocol, "address",
				  socket_address_format(&line->local, local), "port",
				  (int)line->local.port, "uid", (json_int_t)line->uid);

	socket_owners_put(&listing->owners, line->inode, entry);
	return entry;
}

static void put_remote(const struct socket_line *line, json_t *entry)
{
	char remote[SOCKET_ADDRESS_TEXT_BYTES];

	json_put(entry, "address", json_string(socket_address_format(&line->remote, remote)));
	json_put(entry, "port", json_integer(line->remote.port));
}

static void count_peer(struct tally *tally, const struct socket_line *line)
{
	char text[SOCKET_ADDRESS_TEXT_BYTES], name[64];
	json_t *entry;

	(void)snprintf(name, sizeof(name), "%s %u", socket_address_format(&line->remote, text),
		       line->remote.port);
	entry = tally_add(tally, name);
	if (entry)
		put_remote(line, entry);
}

static void count_process(struct listing *listing, const struct socket_line *line)
{
	const struct socket_owner *owner = socket_owners_find(&listing->owners, line->inode);
	char name[32];
	json_t *entry;

	if (!owner)
		return;
	(void)snprintf(name, sizeof(name), "%lld", (long long)owner->pid);
	entry = tally_add(&listing->processes, name);
	if (!entry)
		return;
	json_put(entry, "pid", json_integer(owner->pid));
	json_put(entry, "comm", json_text(owner->comm, strlen(owner->comm)));
	json_put(entry, "close_wait",
		 json_integer(json_get_int(entry, "close_wait", 0) +
			      (line->state == SOCKET_CLOSE_WAIT)));
}

/*
 * Who talks to whom: a client's address and our port, or an address and port that a process of
 * ours talks to. The kernel lists those that listen before all others.
 */
static void count_ends(struct listing *listing, const struct socket_line *line)
{
	unsigned local = line->local.port;
	bool is_incoming = listing->listens[local / 8] & 1 << local % 8;
	const struct socket_owner *owner = socket_owners_find(&listing->owners, line->inode);
	unsigned port = is_incoming ? local : line->remote.port;
	char text[SOCKET_ADDRESS_TEXT_BYTES], name[128];
	json_t *entry;

	(void)snprintf(name, sizeof(name), "%s %u %s", socket_address_format(&line->remote, text),
		       port, owner ? owner->comm : "");
	entry = tally_add(is_incoming ? &listing->incoming : &listing->outgoing, name);
	if (!entry)
		return;
	json_put(entry, "address", json_string(text));
	json_put(entry, "port", json_integer(port));
	json_put(entry, "comm", owner ? json_text(owner->comm, strlen(owner->comm)) : json_null());
}

static bool is_wanted(const struct listing *listing, const struct socket_line *line)
{
	if (!listing->state && listing->port < 0)
		return false;
	if (listing->state && strcmp(socket_state_name(line->state), listing->state) != 0)
		return false;
	return listing->port < 0 || line->local.port == listing->port ||
	       line->remote.port == listing->port;
}

static void add_matching(struct listing *listing, const char *protocol,
			 const struct socket_line *line)
{
	char remote[SOCKET_ADDRESS_TEXT_BYTES];
	json_t *entry;

	if (json_array_size(listing->matching) >= listing->max) {
		listing->truncated = true;
		return;
	}
	entry = describe(listing, protocol, line);
	json_put(entry, "state", json_string(socket_state_name(line->state)));
	json_put(entry, "remote_address",
		 json_string(socket_address_format(&line->remote, remote)));
	json_put(entry, "remote_port", json_integer(line->remote.port));
	json_put(entry, "send_queue_bytes", json_integer((json_int_t)line->send_queue));
	json_put(entry, "receive_queue_bytes", json_integer((json_int_t)line->receive_queue));
	json_push(listing->matching, entry);
}

static void push_bounded(struct listing *listing, json_t *array, json_t *entry)
{
	if (json_array_size(array) < MAX_LISTENERS) {
		json_push(array, entry);
		return;
	}
	json_decref(entry);
	listing->truncated = true;
}

/* Whoever is stopped or frozen goes on listening: the kernel fills its queue. Only then
 * its cgroup is looked at. */
static void put_process_state(const struct listing *listing, json_t *entry)
{
	uint32_t pid = (uint32_t)json_get_int(entry, "pid", 0);
	struct process process;
	char state[2] = "", text[12];

	if (pid && process_read(listing->task->host, pid, &process))
		state[0] = process.state;
	json_put(entry, "process_state", *state ? json_text(state, 1) : json_null());
	if (!*state || json_get_int(entry, "queue", 0) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%u", pid);
	json_put(entry, "frozen",
		 json_boolean(cgroup_is_frozen(listing->task->host, &listing->cgroups, text)));
}

static void add_tcp(struct listing *listing, const struct socket_line *line)
{
	listing->by_state[line->state]++;
	if (line->state == SOCKET_LISTEN) {
		json_t *entry = describe(listing, "tcp", line);

		listing->listens[line->local.port / 8] |= (uint8_t)(1 << line->local.port % 8);
		json_put(entry, "queue", json_integer((json_int_t)line->receive_queue));
		put_process_state(listing, entry);
		push_bounded(listing, listing->listeners, entry);
		return;
	}
	listing->n_connections++;
	count_peer(&listing->peers, line);
	count_process(listing, line);
	if (line->state == SOCKET_ESTABLISHED)
		count_ends(listing, line);
	if (line->state == SOCKET_SYN_SENT)
		count_peer(&listing->connecting, line);
}

static void add_udp(struct listing *listing, const struct socket_line *line)
{
	json_t *entry = describe(listing, "udp", line);

	listing->n_udp++;
	listing->udp_drops += line->drops;
	json_put(entry, "queue_bytes", json_integer((json_int_t)line->receive_queue));
	json_put(entry, "drops", json_integer((json_int_t)line->drops));
	push_bounded(listing, listing->udp, entry);
}

static bool is_late(const struct listing *listing, const struct lines *lines)
{
	return lines->n_lines % 256 == 0 && clock_monotonic_ns() > listing->task->deadline_ns;
}

static int read_table(struct listing *listing, const char *name)
{
	CLEANUP(fd) int fd = network_open(listing->task->host, name);
	CLEANUP(lines) struct lines lines = { 0 };
	bool is_tcp = name[0] == 't';
	struct str line;

	if (fd < 0)
		return fd;
	lines_init(&lines, fd, MAX_TABLE_BYTES);
	while (lines_next(&lines, &line) && !is_late(listing, &lines)) {
		struct socket_line parsed;

		if (!socket_line_parse(line.data, &parsed))
			continue;
		if (is_tcp)
			add_tcp(listing, &parsed);
		else
			add_udp(listing, &parsed);
		if (is_wanted(listing, &parsed))
			add_matching(listing, is_tcp ? "tcp" : "udp", &parsed);
	}
	listing->truncated |= lines.truncated || is_late(listing, &lines);
	return lines.error;
}

static int read_unix(struct listing *listing, json_t *result)
{
	CLEANUP(fd) int fd = network_open(listing->task->host, "unix");
	CLEANUP(lines) struct lines lines = { 0 };
	json_t *listeners = json_array();
	uint64_t n = 0;
	struct str line;

	if (fd >= 0)
		lines_init(&lines, fd, MAX_TABLE_BYTES);
	while (fd >= 0 && lines_next(&lines, &line) && !is_late(listing, &lines)) {
		struct unix_line parsed;
		json_t *entry;

		if (!unix_line_parse(line.data, &parsed))
			continue;
		n++;
		if (!unix_line_is_listening(&parsed) || !parsed.path.len)
			continue;
		entry = json_pack("{s:o}", "path", json_str(parsed.path));
		socket_owners_put(&listing->owners, parsed.inode, entry);
		push_bounded(listing, listeners, entry);
	}
	json_put(result, "unix",
		 json_pack("{s:I, s:o}", "n", (json_int_t)n, "listeners", listeners));
	return fd < 0 ? fd : lines.error;
}

static void read_tables(struct listing *listing, json_t *result)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6" };
	int r;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		r = read_table(listing, tables[i]);
		/* A kernel without IPv6 has no tcp6: that is a fact, nothing unseen. */
		if (r < 0 && !(r == -ENOENT && tables[i][3] == '6'))
			tool_unread(result, tables[i], r);
	}
	r = read_unix(listing, result);
	if (r < 0)
		tool_unread(result, "unix", r);
}

static json_t *states_json(const struct listing *listing)
{
	json_t *states = json_object();

	for (unsigned i = 1; i < SOCKET_N_STATES; i++)
		if (i != SOCKET_LISTEN)
			json_put(states, socket_state_name(i),
				 json_integer((json_int_t)listing->by_state[i]));
	return states;
}

static void report(struct listing *listing, json_t *result)
{
	json_put(result, "listeners", json_incref(listing->listeners));
	json_put(result, "connections",
		 json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "n",
			   (json_int_t)listing->n_connections, "by_state", states_json(listing),
			   "top_peers", tally_top(&listing->peers, MAX_TOP), "connecting",
			   tally_top(&listing->connecting, MAX_TOP), "top_processes",
			   tally_top(&listing->processes, MAX_TOP), "incoming",
			   tally_top(&listing->incoming, MAX_ENDS), "outgoing",
			   tally_top(&listing->outgoing, MAX_ENDS)));
	json_put(result, "udp",
		 json_pack("{s:I, s:I, s:O}", "n", (json_int_t)listing->n_udp, "drops",
			   (json_int_t)listing->udp_drops, "sockets", listing->udp));
	if (listing->state || listing->port >= 0)
		json_put(result, "matching", json_incref(listing->matching));
	json_put(result, "truncated", json_boolean(listing->truncated));
}

static void tally_all(struct listing *listing, void (*each)(struct tally *tally))
{
	each(&listing->peers);
	each(&listing->connecting);
	each(&listing->processes);
	each(&listing->incoming);
	each(&listing->outgoing);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	CLEANUP(json) json_t *listeners = json_array();
	CLEANUP(json) json_t *udp = json_array();
	CLEANUP(json) json_t *matching = json_array();
	struct listing listing = {
		.task = task,
		.state = json_get_text(args, "state", NULL),
		.port = json_get_int(args, "port", -1),
		.max = (size_t)json_get_int(args, "max", 100),
		.listeners = listeners,
		.udp = udp,
		.matching = matching,
	};

	socket_owners_init(&listing.owners, task, result);
	cgroups_find(task->host, &listing.cgroups);
	tally_all(&listing, tally_init);
	read_tables(&listing, result);
	report(&listing, result);
	tally_all(&listing, tally_finish);
	socket_owners_finish(&listing.owners);
	return 0;
}

#define SOCKET                                                             \
	"protocol: string, address: string, port: integer, uid: integer, " \
	"pid: integer|null, comm: string|null"
#define PEERS "[{address: string, port: integer, n: integer}]"
#define ENDS "[{address: string, port: integer, comm: string|null, n: integer}]"

const struct tool tool_list_sockets = {
	.info = {
		.name = "list_sockets",
		.summary = "Listening sockets with their processes, connections by state and peer, "
			   "who talks to whom, UDP and Unix sockets of the host.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"state\":{\"type\":\"string\",\"enum\":[\"established\",\"syn_sent\","
			  "\"syn_recv\",\"fin_wait1\",\"fin_wait2\",\"time_wait\",\"close\","
			  "\"close_wait\",\"last_ack\",\"listen\",\"closing\"],"
			  "\"description\":\"list the sockets in this state\"},"
			  "\"port\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":65535,"
			  "\"description\":\"list the sockets with this port on either side\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2000,\"default\":100,"
			  "\"description\":\"sockets to list\"}}}",
		.result = "listeners: [{" SOCKET
			", process_state?: string|null, frozen?: boolean, queue: integer}], "
			"connections: {n: integer, by_state: {*: integer}, top_peers: " PEERS
			", connecting: " PEERS ", top_processes: [{pid: integer, comm: string, close_wait: integer, n: integer}], incoming: " ENDS ", outgoing: " ENDS
			"}, udp: {n: integer, drops: integer, sockets: [{" SOCKET
			", queue_bytes: integer, drops: integer}]}, unix: {n: integer, "
			"listeners: [{path: string, pid: integer|null, comm: string|null}]}, "
			"matching?: [{" SOCKET
			", state: string, remote_address: string, remote_port: integer, "
			"send_queue_bytes: integer, receive_queue_bytes: integer}], "
			"owners_unread?: unread",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
