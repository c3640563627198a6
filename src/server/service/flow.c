#include "server/service/flow.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define MAX_BYTES (4 * MIB)
#define MAX_NAME_BYTES 64
#define MAX_STEPS (2 * FLOW_MAX_PER_LOOK + 1)
#define STEP_PARAMS 7

static const char seen_sql[] =
	"INSERT INTO flows (org, agent, direction, peer, port, process, seen) VALUES "
	"($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org, agent, direction, peer, port, process) "
	"DO UPDATE SET seen = excluded.seen";
/* 10000: FLOW_MAX_PER_ORG */
static const char trim_sql[] =
	"DELETE FROM flows WHERE org = $1 AND seen < (SELECT min(seen) FROM (SELECT seen FROM "
	"flows WHERE org = $1 ORDER BY seen DESC LIMIT 10000) AS newest)";
static const char address_sql[] =
	"INSERT INTO host_addresses (org, agent, address, seen) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (org, address, agent) DO UPDATE SET seen = excluded.seen";

/* Column by column: the agent, its host, direction, peer, port, process, seen; the peer's host,
 * if one agent and no other has its address. 1000: FLOW_MAX_READ */
const char flow_sql[] =
	"SELECT f.agent, a.hostname, f.direction, f.peer, f.port, f.process, f.seen, p.id, "
	"p.hostname FROM (SELECT * FROM flows WHERE org = $1 ORDER BY seen DESC, agent, direction, "
	"peer, port, process LIMIT 1000) AS f "
	"JOIN agents a ON a.org = f.org AND a.id = f.agent "
	"LEFT JOIN agents p ON p.org = f.org AND p.id = (SELECT CASE WHEN min(o.agent) = "
	"max(o.agent) THEN min(o.agent) END FROM (SELECT h.agent FROM host_addresses h WHERE "
	"h.org = f.org AND h.address = f.peer UNION ALL SELECT g.id FROM agents g WHERE "
	"g.org = f.org AND g.address = f.peer AND g.revoked IS NULL) AS o)";

enum column {
	COLUMN_AGENT,
	COLUMN_HOST,
	COLUMN_DIRECTION,
	COLUMN_PEER,
	COLUMN_PORT,
	COLUMN_PROCESS,
	COLUMN_SEEN,
	COLUMN_PEER_AGENT,
	COLUMN_PEER_HOST,
};

struct look {
	const struct flow_evidence *evidence;
	int64_t now;
	struct store_step steps[MAX_STEPS];
	struct store_value values[MAX_STEPS][STEP_PARAMS];
	unsigned n;
};

static void add(struct look *look, const char *sql, const struct store_value *values, unsigned n)
{
	memcpy(look->values[look->n], values, n * sizeof(*values));
	look->steps[look->n] = (struct store_step) { sql, look->values[look->n], n, STORE_ANY };
	look->n++;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_name(const char *text)
{
	size_t len = strnlen(text, MAX_NAME_BYTES);

	return len && len < MAX_NAME_BYTES;
}

static void add_ends(struct look *look, const json_t *list, const char *direction)
{
	const struct flow_evidence *evidence = look->evidence;
	const json_t *end;
	size_t i;

	json_array_foreach(list, i, end)
	{
		const char *peer = json_get_text(end, "address", "");
		const char *process = json_get_text(end, "comm", "");
		int64_t port = json_get_int(end, "port", 0);

		if (i == FLOW_MAX_PER_LOOK)
			return;
		if (!is_name(peer) || (*process && !is_name(process)) || port < 1 || port > 65535)
			continue;
		const struct store_value values[STEP_PARAMS] = {
			store_text(evidence->org), store_text(evidence->agent),
			store_text(direction),     store_text(peer),
			store_int(port),           store_text(process),
			store_int(look->now),
		};
		add(look, seen_sql, values, STEP_PARAMS);
	}
}

static void add_sockets(struct look *look, const json_t *result)
{
	const json_t *connections = json_object_get(result, "connections");
	const struct store_value org = store_text(look->evidence->org);

	add_ends(look, json_object_get(connections, "incoming"), "in");
	add_ends(look, json_object_get(connections, "outgoing"), "out");
	if (look->n)
		add(look, trim_sql, &org, 1);
}

static void add_address(struct look *look, const char *text)
{
	char address[MAX_NAME_BYTES];

	if (!is_name(text) || look->n == FLOW_MAX_ADDRESSES)
		return;
	text_format(address, sizeof(address), "%.*s", (int)strcspn(text, "/"), text);
	if (is_loopback(address) || strncmp(address, "fe80:", 5) == 0 ||
	    strncmp(address, "169.254.", 8) == 0)
		return;
	const struct store_value values[] = {
		store_text(look->evidence->org),
		store_text(look->evidence->agent),
		store_str((struct str) { text, strlen(address) }),
		store_int(look->now),
	};
	add(look, address_sql, values, ARRAY_LEN(values));
}

static void add_network(struct look *look, const json_t *result)
{
	const json_t *interface, *address;
	size_t i, k;

	json_array_foreach(json_object_get(result, "interfaces"), i, interface) json_array_foreach(
		json_object_get(interface, "addresses"), k, address) if (json_is_string(address))
		add_address(look, json_string_value(address));
}

static void handle_seen(const struct store_result *result UNUSED, const struct error *err,
			void *data UNUSED)
{
	if (err)
		log_warn("who talks to whom could not be kept: %s", err->text);
}

void flow_take(struct store *store, const struct flow_evidence *evidence)
{
	struct look look = { .evidence = evidence, .now = (int64_t)clock_wall_ns() };
	bool is_sockets = strcmp(evidence->tool, "list_sockets") == 0;
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };

	if (!is_sockets && strcmp(evidence->tool, "get_network") != 0)
		return;
	result = json_parse(evidence->bytes, strlen(evidence->bytes), MAX_BYTES, &err);
	if (is_sockets)
		add_sockets(&look, result);
	else
		add_network(&look, result);
	if (look.n)
		(void)store_submit(store,
				   &(struct store_batch) { .org = evidence->org,
							   .steps = look.steps,
							   .n_steps = look.n },
				   handle_seen, NULL);
}

static bool is_in(const struct store_rows *rows, unsigned row)
{
	return strcmp(store_text_at(rows, row, COLUMN_DIRECTION), "in") == 0;
}

/* The agent at the other end, or "". */
static const char *peer_agent(const struct store_rows *rows, unsigned row)
{
	return store_text_at(rows, row,
			     is_loopback(store_text_at(rows, row, COLUMN_PEER))
				     ? COLUMN_AGENT
				     : COLUMN_PEER_AGENT);
}

static const char *peer_host(const struct store_rows *rows, unsigned row)
{
	return store_text_at(rows, row,
			     is_loopback(store_text_at(rows, row, COLUMN_PEER)) ? COLUMN_HOST
										: COLUMN_PEER_HOST);
}

/* The process that a host was seen to serve the port with, or "". */
static const char *server_of(const struct store_rows *rows, const char *agent, int64_t port)
{
	for (unsigned row = 0; row < rows->n_rows; row++)
		if (store_int_at(rows, row, COLUMN_PORT) == port && is_in(rows, row) &&
		    strcmp(store_text_at(rows, row, COLUMN_AGENT), agent) == 0)
			return store_text_at(rows, row, COLUMN_PROCESS);
	return "";
}

/* The client told it as well, and knows which process of its is meant. */
static bool is_told_by_client(const struct store_rows *rows, unsigned row)
{
	int64_t port = store_int_at(rows, row, COLUMN_PORT);

	for (unsigned k = 0; k < rows->n_rows; k++)
		if (store_int_at(rows, k, COLUMN_PORT) == port && !is_in(rows, k) &&
		    strcmp(store_text_at(rows, k, COLUMN_AGENT), peer_agent(rows, row)) == 0 &&
		    strcmp(peer_agent(rows, k), store_text_at(rows, row, COLUMN_AGENT)) == 0)
			return true;
	return false;
}

unsigned flow_read(const struct store_rows *rows, struct flow flows_out[FLOW_MAX_READ])
{
	unsigned n = 0;

	for (unsigned row = 0; row < rows->n_rows && n < FLOW_MAX_READ; row++) {
		const char *own = store_text_at(rows, row, COLUMN_HOST);
		const char *peer = peer_host(rows, row);
		const char *process = store_text_at(rows, row, COLUMN_PROCESS);
		int64_t port = store_int_at(rows, row, COLUMN_PORT);
		bool is_server = is_in(rows, row);

		if (!*peer_agent(rows, row) || (is_server && is_told_by_client(rows, row)))
			continue;
		flows_out[n++] = (struct flow) {
			.client = is_server ? peer : own,
			.server = is_server ? own : peer,
			.client_process = is_server ? "" : process,
			.server_process =
				is_server ? process : server_of(rows, peer_agent(rows, row), port),
			.port = port,
			.seen = store_int_at(rows, row, COLUMN_SEEN),
		};
	}
	return n;
}

void flow_upkeep_steps(struct store_value params_out[1],
		       struct store_step steps_out[FLOW_UPKEEP_STEPS])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - FLOW_KEPT_NS));
	steps_out[0] = (struct store_step) { "DELETE FROM flows WHERE seen < $1", params_out, 1,
					     STORE_ANY };
	steps_out[1] = (struct store_step) { "DELETE FROM host_addresses WHERE seen < $1",
					     params_out, 1, STORE_ANY };
}
