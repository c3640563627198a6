/* get_postgresql_health: who waits for whom, what is slow, and what is running out. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"
#include "call/sandbox/profile.h"
#include "tools/catalogue.h"
#include "tools/database/postgresql.h"
#include "tools/database/postgresql_queries.h"
#include "tools/service/trouble_log.h"

#define N_WAIT_SAMPLES 10
#define RESERVE_NS (2 * NS_PER_SEC) /* kept of the deadline for what comes after */
#define MAX_LOGS 3

static const struct trouble_kind kinds[] = {
	{ "too_many_clients", "too many clients already" },
	{ "too_many_clients", "remaining connection slots are reserved" },
	{ "no_space", "No space left on device" },
	{ "deadlock", "deadlock detected" },
	{ "out_of_memory", "out of memory" },
	{ "crashed", "was terminated by signal" },
	{ "corrupted", "invalid page in block" },
	{ "io_error", "Input/output error" },
	{ "authentication", "authentication failed" },
	{ "statement_timeout", "canceling statement due to" },
	{ "checkpoints_too_frequent", "checkpoints are occurring too frequently" },
	{ "archive_failed", "archive command failed" },
	{ "lock_wait", "still waiting for" },
	{ "address_in_use", "Address already in use" },
	{ "slow_statement", "duration: " },
	{ "panic", "PANIC:" },
	{ "fatal", "FATAL:" },
	{ "error", "ERROR:" },
	{ NULL, NULL },
};

static bool has_time(const struct task *task)
{
	return clock_monotonic_ns() + RESERVE_NS < task->deadline_ns;
}

static void could_not_ask(json_t *result, const char *member, const struct error *err)
{
	char what[ERROR_TEXT_BYTES + 64];

	text_format(what, sizeof(what), "%s: %s", member, err->text);
	tool_unread(result, what, err->code);
}

static void ask_all(struct task *task, PGconn *connection, const struct postgresql_query *query,
		    json_t *result)
{
	int version = PQserverVersion(connection);

	for (; query->member; query++) {
		struct error err = { 0 };
		CLEANUP(json) json_t *rows = NULL;

		if (version < query->from_version ||
		    (query->below_version && version >= query->below_version))
			continue;
		if (!has_time(task)) {
			json_put(result, "truncated", json_true());
			return;
		}
		rows = postgresql_ask(connection, query->text, &err);
		if (!rows)
			could_not_ask(result, query->member, &err);
		else if (query->shape == POSTGRESQL_ROWS)
			json_put(result, query->member, json_incref(rows));
		else if (json_array_size(rows))
			json_put(result, query->member, json_incref(json_array_get(rows, 0)));
	}
}

static void count(json_t *counts, const char *key, int64_t n)
{
	json_put(counts, key, json_integer(json_get_int(counts, key, 0) + n));
}

static void count_sessions(const char *pids, const char *key, json_t *counts_by_pid)
{
	uint64_t pid;

	while (scan_u64(&pids, &pid)) {
		char name[32];

		text_format(name, sizeof(name), "%llu", (unsigned long long)pid);
		if (!json_object_get(counts_by_pid, name))
			json_put(counts_by_pid, name, json_object());
		count(json_object_get(counts_by_pid, name), key, 1);
	}
}

static void count_waits(const json_t *rows, json_t *counts, json_t *counts_by_pid)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		char key[160];

		text_format(key, sizeof(key), "%s:%s", json_get_text(row, "type", ""),
			    json_get_text(row, "event", ""));
		count(counts, key, json_get_int(row, "n", 0));
		count_sessions(json_get_text(row, "pids", ""), key, counts_by_pid);
	}
}

/* What a long query waits for at one moment is chance; what it waited for mostly is not. */
static void add_waits_of_queries(const json_t *counts_by_pid, json_t *queries)
{
	json_t *query;
	size_t i;

	json_array_foreach(queries, i, query)
	{
		char pid[32];
		json_t *waits;

		text_format(pid, sizeof(pid), "%lld", (long long)json_get_int(query, "pid", 0));
		waits = json_object_get(counts_by_pid, pid);
		json_put(query, "waits", waits ? json_incref(waits) : json_object());
	}
}

static json_t *sum_waits(json_t *counts, int n_samples)
{
	int64_t total = 0, by_io = 0;
	const char *key;
	json_t *n;

	json_object_foreach(counts, key, n)
	{
		total += json_integer_value(n);
		by_io += strncmp(key, "IO:", 3) == 0 ? json_integer_value(n) : 0;
	}
	return json_pack("{s:i, s:I, s:f, s:O}", "n_samples", n_samples, "n_waits",
			 (json_int_t)total, "io_percent",
			 total ? 100.0 * (double)by_io / (double)total : 0.0, "counts", counts);
}

/* One look at what sessions wait for says little; ten say where the time goes. */
static void sample_waits(struct task *task, PGconn *connection, int64_t sample_ms, json_t *result)
{
	uint64_t pause_ns = (uint64_t)sample_ms * NS_PER_MS / N_WAIT_SAMPLES;
	CLEANUP(json) json_t *counts = json_object();
	CLEANUP(json) json_t *counts_by_pid = json_object();
	int n = 0;

	for (; n < N_WAIT_SAMPLES && has_time(task); n++) {
		struct error err = { 0 };
		CLEANUP(json)
		json_t *rows = postgresql_ask(connection, postgresql_waits_query, &err);

		if (!rows)
			break;
		count_waits(rows, counts, counts_by_pid);
		(void)host_wait(task->host, pause_ns);
	}
	json_put(result, "wait_events", sum_waits(counts, n));
	add_waits_of_queries(counts_by_pid, json_object_get(result, "longest_queries"));
}

static json_t *ask_database(struct task *task, const struct postgresql_server *server,
			    const json_t *database, json_t *result)
{
	const char *name = json_get_text(database, "name", ""), *kind = NULL;
	struct error err = { 0 };
	CLEANUP(postgresql) PGconn *connection = postgresql_open(server, name, &kind, &err);
	CLEANUP(json) json_t *extension = NULL;
	json_t *asked = json_pack("{s:s, s:I}", "name", name, "bytes",
				  (json_int_t)json_get_int(database, "bytes", 0));
	json_t *statements;

	if (!connection) {
		tool_unread(result, err.text, err.code);
		return asked;
	}
	ask_all(task, connection, postgresql_database_queries, asked);
	extension = postgresql_ask(connection, postgresql_has_statements_query, &err);
	if (!json_array_size(extension))
		return asked;
	statements = postgresql_ask(connection, postgresql_statements_query, &err);
	if (statements)
		json_put(asked, "statements", statements);
	return asked;
}

static void ask_databases(struct task *task, const struct postgresql_server *server,
			  PGconn *connection, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *databases = postgresql_ask(connection, postgresql_databases_query, &err);
	json_t *list = json_array();
	const json_t *database;
	size_t i;

	json_put(result, "tables", list);
	if (!databases)
		tool_unread(result, "the sizes of the databases", err.code);
	json_array_foreach(databases, i, database) if (has_time(task))
		json_push(list, ask_database(task, server, database, result));
}

static void add_log(struct task *task, const char *path, int64_t since_s, json_t *logs,
		    json_t *result)
{
	struct trouble_log log = { .kinds = kinds, .path = path, .since_s = (uint64_t)since_s };

	json_push(logs, trouble_log_read(task, &log, result));
}

static bool is_log(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".log") == 0;
}

/* The newest by name of a folder: names carry the date, or the cluster. */
static void add_logs_of(struct task *task, const char *folder, int64_t since_s, json_t *logs,
			json_t *result)
{
	CLEANUP(json) json_t *names = host_list(task->host, folder + 1, 4096);
	size_t n = json_array_size(names), n_taken = 0;

	if (!names && errno == EACCES)
		tool_unread(result, folder, -EACCES);
	for (size_t i = n; i-- > 0 && n_taken < MAX_LOGS;) {
		const char *name = json_string_value(json_array_get(names, i));
		char path[1024];

		if (!is_log(name))
			continue;
		text_format(path, sizeof(path), "%s/%s", folder, name);
		add_log(task, path, since_s, logs, result);
		n_taken++;
	}
}

static void add_logs(struct task *task, int64_t since_s, json_t *result)
{
	const json_t *server = json_object_get(result, "server");
	const char *data = json_get_text(server, "data_directory", "");
	const char *folder = json_get_text(server, "log_directory", "");
	json_t *logs = json_array();
	char path[1024];

	json_put(result, "logs", logs);
	add_logs_of(task, "/var/log/postgresql", since_s, logs, result);
	if (strcmp(json_get_text(server, "logging_collector", ""), "on") != 0)
		return;
	text_format(path, sizeof(path), "%s%s%s", folder[0] == '/' ? "" : data,
		    folder[0] == '/' ? "" : "/", folder);
	if (path[0] == '/')
		add_logs_of(task, path, since_s, logs, result);
}

static void examine(struct task *task, const struct postgresql_server *server, const json_t *args,
		    json_t *result)
{
	const char *kind = NULL;
	struct error err = { 0 };
	PGconn *opened = server->port ? postgresql_open(server, "postgres", &kind, &err) : NULL;
	CLEANUP(postgresql) PGconn *connection = opened;

	json_put(result, "port", json_integer(server->port));
	json_put(result, "socket", json_string(server->socket_folder));
	json_put(result, "asked_as", json_string(server->owner.name));
	if (server->postmaster)
		json_put(result, "postmaster", program_json(server->postmaster));
	json_put(result, "connected", json_boolean(connection));
	if (!server->port)
		error_set(&err, -ENOENT, "the server has no unix socket");
	if (connection) {
		ask_all(task, connection, postgresql_server_queries, result);
		sample_waits(task, connection, json_get_int(args, "sample_ms", 500), result);
		ask_databases(task, server, connection, result);
	} else {
		json_put(result, "error", json_text(err.text, strlen(err.text)));
		json_put(result, "error_kind", json_string(kind ? kind : "no_socket"));
		tool_unread(result, "the server's statistics", err.code);
	}
	add_logs(task, json_get_int(args, "since_s", 3600), result);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	struct postgresql_servers servers;
	json_t *others = json_array();
	int r = programs_load(task->host, &programs);

	json_put(result, "other_instances", others);
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	postgresql_servers_find(task->host, &programs, &servers);
	json_put(result, "running", json_boolean(servers.n));
	/* Only what files tell can be asked of a fixture. */
	if (task->host->is_fixture || !servers.n)
		add_logs(task, json_get_int(args, "since_s", 3600), result);
	for (size_t i = 0; i < servers.n && !task->host->is_fixture; i++) {
		json_t *one = i ? json_object() : result;

		examine(task, &servers.list[i], args, one);
		if (i)
			json_push(others, one);
	}
	return 0;
}

#define ROW "{*: string|number|boolean|null}"
#define ROWS "[" ROW "]"
#define POSTGRESQL_RESULT                                                                         \
	"port?: integer, socket?: string, asked_as?: string, postmaster?: " PROGRAM_RESULT        \
	", connected?: boolean, error?: string, error_kind?: string, server?: " ROW               \
	", connections?: " ROW                                                                    \
	", longest_queries?: [{waits: {*: integer}, *: string|number|boolean|null}], "            \
	"idle_in_transaction?: " ROWS ", lock_waits?: " ROWS ", blockers?: " ROWS                 \
	", databases?: " ROWS ", checkpoints?: " ROW ", replicas?: " ROWS ", recovery?: " ROW     \
	", replication_slots?: " ROWS ", archiver?: " ROW ", wraparound?: " ROW                   \
	", wait_events?: {n_samples: integer, n_waits: integer, io_percent: number, "             \
	"counts: {*: integer}}, tables?: [{name: string, bytes: integer, dead_tuples?: " ROWS     \
	", sequential_scans?: " ROWS ", unindexed_references?: " ROWS ", invalid_indexes?: " ROWS \
	", statements?: " ROWS ", truncated?: boolean}], logs?: [" TROUBLE_LOG_RESULT             \
	"], truncated?: boolean, unread?: unread"

const struct tool tool_get_postgresql_health = {
	.info = {
		.name = "get_postgresql_health",
		.summary = "PostgreSQL here, asked read-only as its owner: connections, slow queries, who "
			   "blocks whom, waits, dead rows, missing indexes, replication, log errors.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"sample_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":5000,"
			  "\"default\":500,\"description\":\"How long waits are sampled\"},"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2592000,"
			  "\"default\":3600,\"description\":\"How old log lines may be\"}}}",
		.result = "running: boolean, " POSTGRESQL_RESULT ", other_instances: [{"
			POSTGRESQL_RESULT "}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_TARGETS,
		.target = TARGET_POSTGRESQL,
	},
	.run = run,
};
