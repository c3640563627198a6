/* get_mariadb_health: who waits for whom, what is slow, and what is running out. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "call/sandbox/profile.h"
#include "tools/catalogue.h"
#include "tools/database/mariadb_client.h"
#include "tools/service/trouble_log.h"

static const char *const socket_words[] = { "mysql", "mariadb", NULL };
static const char *const programs_names[] = { "mariadbd", "mysqld", NULL };

static const struct trouble_kind kinds[] = {
	{ "too_many_clients", "Too many connections" },
	{ "no_space", "No space left on device" },
	{ "no_space", "Disk is full" },
	{ "deadlock", "deadlock" },
	{ "out_of_memory", "Out of memory" },
	{ "out_of_memory", "Cannot allocate memory" },
	{ "crashed", "got signal" },
	{ "crashed", "is marked as crashed" },
	{ "corrupted", "orrupt" },
	{ "permission_denied", "Permission denied" },
	{ "address_in_use", "Address already in use" },
	{ "too_many_open_files", "Too many open files" },
	{ "authentication", "Access denied for user" },
	{ "aborted_connection", "Aborted connection" },
	{ "error", "[ERROR]" },
	{ NULL, NULL },
};

/* What SHOW GLOBAL STATUS and VARIABLES are asked for, and under which name it is told. */
static const char *const status_names[] = {
	"Uptime",
	"Queries",
	"Slow_queries",
	"Threads_running",
	"Threads_connected",
	"Max_used_connections",
	"Aborted_connects",
	"Aborted_clients",
	"Connection_errors_max_connections",
	"Innodb_row_lock_waits",
	"Innodb_row_lock_time_avg",
	"Innodb_row_lock_current_waits",
	"Innodb_deadlocks",
	"Innodb_buffer_pool_read_requests",
	"Innodb_buffer_pool_reads",
	"Innodb_buffer_pool_wait_free",
	"Innodb_log_waits",
	"Innodb_data_pending_fsyncs",
	"Innodb_data_pending_reads",
	"Innodb_data_pending_writes",
	"Created_tmp_tables",
	"Created_tmp_disk_tables",
	"Select_full_join",
	"Select_scan",
	"Handler_read_rnd_next",
	"Sort_merge_passes",
	"Open_files",
	"Open_tables",
	"Opened_tables",
	"Table_locks_waited",
	"wsrep_cluster_status",
	"wsrep_ready",
};

static const char *const variable_names[] = {
	"version",          "max_connections",          "innodb_buffer_pool_size", "datadir",
	"log_error",        "slow_query_log",           "long_query_time",         "read_only",
	"open_files_limit", "innodb_lock_wait_timeout", "tmp_table_size",          "hostname",
};

static const char longest_statement[] =
	"SELECT id AS pid, user, host, db AS `database`, command, time AS age_s, state,"
	" LEFT(info, 1000) AS query FROM information_schema.processlist WHERE command NOT IN"
	" ('Sleep', 'Daemon', 'Binlog Dump') AND id <> CONNECTION_ID() ORDER BY time DESC LIMIT 15";

static const char transactions_statement[] =
	"SELECT trx_mysql_thread_id AS pid, trx_state AS state,"
	" TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age_s, trx_rows_locked AS rows_locked,"
	" trx_rows_modified AS rows_modified, LEFT(trx_query, 500) AS query"
	" FROM information_schema.innodb_trx ORDER BY trx_started LIMIT 10";

/* MariaDB's tables first; MySQL 8 has moved them. */
static const char *const lock_statements[] = {
	"SELECT r.trx_mysql_thread_id AS pid, b.trx_mysql_thread_id AS blocked_by,"
	" TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS waited_s,"
	" LEFT(r.trx_query, 500) AS query, LEFT(b.trx_query, 500) AS blocking_query,"
	" TIMESTAMPDIFF(SECOND, b.trx_started, NOW()) AS blocking_transaction_age_s"
	" FROM information_schema.innodb_lock_waits w"
	" JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id"
	" JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id LIMIT 50",
	"SELECT r.trx_mysql_thread_id AS pid, b.trx_mysql_thread_id AS blocked_by,"
	" TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS waited_s,"
	" LEFT(r.trx_query, 500) AS query, LEFT(b.trx_query, 500) AS blocking_query,"
	" TIMESTAMPDIFF(SECOND, b.trx_started, NOW()) AS blocking_transaction_age_s"
	" FROM performance_schema.data_lock_waits w"
	" JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_engine_transaction_id"
	" JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_engine_transaction_id "
	"LIMIT 50",
};

static void could_not_ask(json_t *result, const char *member, const struct error *err)
{
	char what[ERROR_TEXT_BYTES + 64];

	text_format(what, sizeof(what), "%s: %s", member, err->text);
	tool_unread(result, what, err->code);
}

static json_t *pick(const json_t *pairs, const char *const *names, size_t n)
{
	json_t *picked = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(pairs, names[i]);
		char key[128];

		text_format(key, sizeof(key), "%s", names[i]);
		for (char *at = key; *at; at++)
			*at |= *at >= 'A' && *at <= 'Z' ? 0x20 : 0;
		if (value)
			json_put(picked, key, json_incref(value));
	}
	return picked;
}

static void ask_rows(struct st_mysql *connection, const char *statement, const char *member,
		     json_t *result)
{
	struct error err = { 0 };
	json_t *rows = mariadb_ask(connection, statement, &err);

	if (rows)
		json_put(result, member, rows);
	else
		could_not_ask(result, member, &err);
}

static double percent(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static void add_figures(struct st_mysql *connection, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *all = mariadb_ask_pairs(connection, "SHOW GLOBAL STATUS", &err);
	CLEANUP(json) json_t *set = mariadb_ask_pairs(connection, "SHOW GLOBAL VARIABLES", &err);
	int64_t connected = json_get_int(all, "Threads_connected", 0);
	int64_t max = json_get_int(set, "max_connections", 0);
	int64_t requests = json_get_int(all, "Innodb_buffer_pool_read_requests", 0);
	int64_t reads = json_get_int(all, "Innodb_buffer_pool_reads", 0);

	if (!all || !set)
		could_not_ask(result, "status", &err);
	json_put(result, "status", pick(all, status_names, ARRAY_LEN(status_names)));
	json_put(result, "settings", pick(set, variable_names, ARRAY_LEN(variable_names)));
	json_put(result, "connections",
		 json_pack("{s:I, s:I, s:f, s:I, s:I}", "total", (json_int_t)connected, "max",
			   (json_int_t)max, "used_percent", percent(connected, max), "active",
			   (json_int_t)json_get_int(all, "Threads_running", 0), "refused",
			   (json_int_t)json_get_int(all, "Connection_errors_max_connections", 0)));
	json_put(result, "cache_hit_percent", json_real(percent(requests - reads, requests)));
	json_put(result, "temporary_tables_on_disk_percent",
		 json_real(percent(json_get_int(all, "Created_tmp_disk_tables", 0),
				   json_get_int(all, "Created_tmp_tables", 0))));
}

static bool is_waiter(const json_t *waits, int64_t pid)
{
	const json_t *wait;
	size_t i;

	json_array_foreach(waits, i, wait) if (json_get_int(wait, "pid", -1) == pid) return true;
	return false;
}

/* Who blocks others and waits for nobody: the heads of the chains. */
static json_t *find_blockers(const json_t *waits)
{
	CLEANUP(json) json_t *counts = json_object();
	json_t *blockers = json_array();
	const json_t *wait;
	size_t i;

	json_array_foreach(waits, i, wait)
	{
		int64_t pid = json_get_int(wait, "blocked_by", 0);
		char key[32];
		json_t *blocker;

		if (is_waiter(waits, pid))
			continue;
		text_format(key, sizeof(key), "%lld", (long long)pid);
		blocker = json_object_get(counts, key);
		if (!blocker) {
			blocker = json_pack("{s:I, s:i, s:O, s:O}", "pid", (json_int_t)pid,
					    "blocked_count", 0, "query",
					    json_object_get(wait, "blocking_query"),
					    "transaction_age_s",
					    json_object_get(wait, "blocking_transaction_age_s"));
			json_push(blockers, blocker);
			json_put(counts, key, json_incref(blocker));
		}
		json_put(blocker, "blocked_count",
			 json_integer(json_get_int(blocker, "blocked_count", 0) + 1));
	}
	return blockers;
}

static void add_locks(struct st_mysql *connection, json_t *result)
{
	struct error err = { 0 };
	json_t *waits = NULL;

	for (size_t i = 0; i < ARRAY_LEN(lock_statements) && !waits; i++)
		waits = mariadb_ask(connection, lock_statements[i], &err);
	if (!waits) {
		could_not_ask(result, "lock_waits", &err);
		return;
	}
	json_put(result, "blockers", find_blockers(waits));
	json_put(result, "lock_waits", waits);
}

static void add_replication(struct st_mysql *connection, json_t *result)
{
	static const char *const names[] = { "slave_io_running",      "slave_sql_running",
					     "seconds_behind_master", "last_io_error",
					     "last_sql_error",        "master_host" };
	struct error err = { 0 };
	CLEANUP(json) json_t *rows = mariadb_ask(connection, "SHOW SLAVE STATUS", &err);
	json_t *replicas = json_array(), *row;
	size_t i;

	if (!rows)
		could_not_ask(result, "replication", &err);
	json_array_foreach(rows, i, row) json_push(replicas, pick(row, names, ARRAY_LEN(names)));
	json_put(result, "replication", replicas);
}

static void add_log(struct task *task, const json_t *args, json_t *result)
{
	static const char *const usual[] = { "/var/log/mysql/error.log",
					     "/var/log/mariadb/mariadb.log",
					     "/var/log/mysqld.log" };
	const json_t *settings = json_object_get(result, "settings");
	const char *log_error = json_get_text(settings, "log_error", "");
	const char *folder = json_get_text(settings, "datadir", "");
	char path[1024] = "";
	struct trouble_log log = { .kinds = kinds,
				   .path = path,
				   .since_s = (uint64_t)json_get_int(args, "since_s", 3600) };

	if (log_error[0])
		text_format(path, sizeof(path), "%s%s", log_error[0] == '/' ? "" : folder,
			    log_error);
	for (size_t i = 0; i < ARRAY_LEN(usual) && !path[0]; i++)
		if (host_exists(task->host, usual[i] + 1))
			text_format(path, sizeof(path), "%s", usual[i]);
	if (path[0] == '/')
		json_put(result, "error_log", trouble_log_read(task, &log, result));
}

static void examine(struct task *task, const struct database_socket *server, const json_t *args,
		    json_t *result)
{
	const char *kind = "no_socket";
	struct error err = { .code = -ENOENT, .text = "the server has no unix socket" };
	struct st_mysql *opened = server->path[0] ? mariadb_open(server, &kind, &err) : NULL;
	CLEANUP(mariadb) struct st_mysql *connection = opened;

	json_put(result, "socket", json_text(server->path, strlen(server->path)));
	json_put(result, "asked_as", json_string(server->owner.name));
	if (server->program)
		json_put(result, "server", program_json(server->program));
	json_put(result, "connected", json_boolean(connection));
	if (connection) {
		add_figures(connection, result);
		ask_rows(connection, longest_statement, "longest_queries", result);
		ask_rows(connection, transactions_statement, "transactions", result);
		add_locks(connection, result);
		add_replication(connection, result);
	} else {
		json_put(result, "error", json_text(err.text, strlen(err.text)));
		json_put(result, "error_kind", json_string(kind));
		tool_unread(result, "the server's statistics", err.code);
	}
	add_log(task, args, result);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	struct database_sockets servers;
	json_t *others = json_array();
	int r = programs_load(task->host, &programs);

	json_put(result, "other_instances", others);
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	database_sockets_find(task->host, &programs, socket_words, programs_names, &servers);
	json_put(result, "running", json_boolean(servers.n));
	/* Only what files tell can be asked of a fixture. */
	if (task->host->is_fixture || !servers.n)
		add_log(task, args, result);
	for (size_t i = 0; i < servers.n && !task->host->is_fixture; i++) {
		json_t *one = i ? json_object() : result;

		examine(task, &servers.list[i], args, one);
		if (i)
			json_push(others, one);
	}
	return 0;
}

#define MARIADB_RESULT                                                                  \
	"socket?: string, asked_as?: string, server?: " PROGRAM_RESULT                  \
	", connected?: boolean, error?: string, error_kind?: string, "                  \
	"status?: {*: integer|string|null}, settings?: {*: integer|string|null}, "      \
	"connections?: {total: integer, max: integer, used_percent: number, "           \
	"active: integer, refused: integer}, cache_hit_percent?: number, "              \
	"temporary_tables_on_disk_percent?: number, longest_queries?: [{pid: integer, " \
	"user: string|null, host: string|null, database: string|null, "                 \
	"command: string|null, age_s: integer|null, state: string|null, "               \
	"query: string|null}], transactions?: [{pid: integer, state: string|null, "     \
	"age_s: integer|null, rows_locked: integer|null, rows_modified: integer|null, " \
	"query: string|null}], lock_waits?: [{pid: integer, blocked_by: integer, "      \
	"waited_s: integer|null, query: string|null, blocking_query: string|null, "     \
	"blocking_transaction_age_s: integer|null}], blockers?: [{pid: integer, "       \
	"blocked_count: integer, query: string|null, "                                  \
	"transaction_age_s: integer|null}], replication?: [{*: integer|string|null}], " \
	"error_log?: " TROUBLE_LOG_RESULT ", unread?: unread"

const struct tool tool_get_mariadb_health = {
	.info = {
		.name = "get_mariadb_health",
		.summary = "MariaDB or MySQL here, asked read-only as its owner: connections, slow "
			   "queries, who blocks whom, caches, replication, log errors.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2592000,"
			  "\"default\":3600,\"description\":\"How old log lines may be\"}}}",
		.result = "running: boolean, " MARIADB_RESULT ", other_instances: [{" MARIADB_RESULT
			"}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_TARGETS,
		.target = TARGET_MARIADB,
	},
	.run = run,
};
