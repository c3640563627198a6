/* get_redis_health: memory, clients, persistence and slow commands of Redis. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/sandbox/profile.h"
#include "host/pattern.h"
#include "tools/catalogue.h"
#include "tools/database/redis_client.h"
#include "tools/service/trouble_log.h"

#define ASK_NS (3 * NS_PER_SEC)
#define MAX_LOGS 3

static const struct trouble_kind kinds[] = {
	{ "out_of_memory", "Out Of Memory" },
	{ "out_of_memory", "Can't save in background: fork: Cannot allocate memory" },
	{ "save_failed", "Background saving error" },
	{ "save_failed", "Failed opening the" },
	{ "no_space", "No space left on device" },
	{ "append_only_slow", "Asynchronous AOF fsync is taking too long" },
	{ "max_clients", "max number of clients reached" },
	{ "address_in_use", "Address already in use" },
	{ "permission_denied", "Permission denied" },
	{ "crashed", "REDIS BUG REPORT" },
	{ "crashed", "crashed by signal" },
	{ "replication", "MASTER <-> REPLICA" },
	{ "overcommit", "WARNING overcommit_memory" },
	{ "warning", " # " },
	{ NULL, NULL },
};

/* Where a member of the result comes from in INFO. */
struct figure {
	const char *group, *member, *key;
};

static const struct figure figures[] = {
	{ "server", "version", "redis_version" },
	{ "server", "uptime_s", "uptime_in_seconds" },
	{ "server", "config_file", "config_file" },
	{ "server", "process_id", "process_id" },
	{ "memory", "used_bytes", "used_memory" },
	{ "memory", "peak_bytes", "used_memory_peak" },
	{ "memory", "rss_bytes", "used_memory_rss" },
	{ "memory", "max_bytes", "maxmemory" },
	{ "memory", "policy", "maxmemory_policy" },
	{ "memory", "fragmentation_ratio", "mem_fragmentation_ratio" },
	{ "clients", "connected", "connected_clients" },
	{ "clients", "blocked", "blocked_clients" },
	{ "clients", "max", "maxclients" },
	{ "clients", "rejected_connections", "rejected_connections" },
	{ "persistence", "loading", "loading" },
	{ "persistence", "last_save_status", "rdb_last_bgsave_status" },
	{ "persistence", "changes_since_save", "rdb_changes_since_last_save" },
	{ "persistence", "last_save_time", "rdb_last_save_time" },
	{ "persistence", "append_only", "aof_enabled" },
	{ "persistence", "last_append_status", "aof_last_write_status" },
	{ "persistence", "last_rewrite_status", "aof_last_bgrewrite_status" },
	{ "persistence", "delayed_fsyncs", "aof_delayed_fsync" },
	{ "persistence", "last_fork_usec", "latest_fork_usec" },
	{ "statistics", "commands_per_s", "instantaneous_ops_per_sec" },
	{ "statistics", "evicted_keys", "evicted_keys" },
	{ "statistics", "expired_keys", "expired_keys" },
	{ "statistics", "hits", "keyspace_hits" },
	{ "statistics", "misses", "keyspace_misses" },
	{ "statistics", "total_error_replies", "total_error_replies" },
	{ "replication", "role", "role" },
	{ "replication", "replicas", "connected_slaves" },
	{ "replication", "master_host", "master_host" },
	{ "replication", "master_link_status", "master_link_status" },
	{ "replication", "master_link_down_s", "master_link_down_since_seconds" },
};

/* "key:value" lines; what reads whole as a number is one. */
static json_t *parse_info(const char *info)
{
	json_t *values = json_object();
	struct str line;

	while (scan_line(&info, &line)) {
		const char *colon = memchr(line.data, ':', line.len);
		char key[64], text[512];
		const char *at = text;
		int64_t integer;
		double real;

		if (!colon)
			continue;
		str_copy((struct str) { line.data, (size_t)(colon - line.data) }, key, sizeof(key));
		str_copy((struct str) { colon + 1, (size_t)(line.data + line.len - colon - 1) },
			 text, sizeof(text));
		text[strcspn(text, "\r")] = '\0';
		if (scan_i64(&at, &integer) && !*at)
			json_put(values, key, json_integer(integer));
		else if ((at = text, scan_double(&at, &real)) && !*at)
			json_put(values, key, json_real(real));
		else
			json_put(values, key, json_text(text, strlen(text)));
	}
	return values;
}

static double percent(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static void put_info(const struct host *host, const json_t *values, json_t *result)
{
	int64_t now_s = (int64_t)(host_now_ns(host) / NS_PER_SEC);
	int64_t saved_s = json_get_int(values, "rdb_last_save_time", now_s);
	int64_t hits = json_get_int(values, "keyspace_hits", 0);

	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		json_t *group = json_object_get(result, figures[i].group);
		json_t *value = json_object_get(values, figures[i].key);

		if (!group) {
			group = json_object();
			json_put(result, figures[i].group, group);
		}
		if (value)
			json_put(group, figures[i].member, json_incref(value));
	}
	json_put(json_object_get(result, "memory"), "used_percent",
		 json_real(percent(json_get_int(values, "used_memory", 0),
				   json_get_int(values, "maxmemory", 0))));
	json_put(json_object_get(result, "clients"), "used_percent",
		 json_real(percent(json_get_int(values, "connected_clients", 0),
				   json_get_int(values, "maxclients", 0))));
	json_put(json_object_get(result, "persistence"), "last_save_s_ago",
		 json_integer(now_s - saved_s));
	json_put(json_object_get(result, "statistics"), "hit_percent",
		 json_real(percent(hits, hits + json_get_int(values, "keyspace_misses", 0))));
}

/* Rows of [id, time, microseconds, [word...], ...]. */
static void put_slow_log(const struct host *host, const json_t *rows, json_t *result)
{
	int64_t now_s = (int64_t)(host_now_ns(host) / NS_PER_SEC);
	json_t *list = json_array();
	const json_t *row, *word;
	size_t i, j;

	json_array_foreach(rows, i, row)
	{
		char command[256] = "";

		json_array_foreach(json_array_get(row, 3), j, word)
		{
			size_t len = strlen(command);

			if (json_is_string(word))
				text_format(command + len, sizeof(command) - len, "%s%.80s",
					    j ? " " : "", json_string_value(word));
		}
		json_push(
			list,
			json_pack("{s:I, s:f, s:o}", "seconds_ago",
				  (json_int_t)(now_s - json_integer_value(json_array_get(row, 1))),
				  "duration_ms",
				  (double)json_integer_value(json_array_get(row, 2)) / 1000.0,
				  "command", json_text(command, strlen(command))));
	}
	json_put(result, "slow_log", list);
}

static int ask_server(struct task *task, const struct database_socket *server, json_t *result,
		      struct error *err)
{
	CLEANUP(redis) struct redis redis = { .fd = -1 };
	uint64_t deadline_ns = clock_monotonic_ns() + ASK_NS;
	CLEANUP(json) json_t *info = NULL;
	CLEANUP(json) json_t *slow = NULL;
	CLEANUP(json) json_t *values = NULL;
	int r;

	if (deadline_ns > task->deadline_ns)
		deadline_ns = task->deadline_ns;
	r = redis_open(&redis, server, deadline_ns, err);
	if (r < 0)
		return r;
	info = redis_ask(&redis, "INFO", err);
	if (!info)
		return err->code;
	values = parse_info(json_is_string(info) ? json_string_value(info) : "");
	put_info(task->host, values, result);
	slow = redis_ask(&redis, "SLOWLOG GET 10", err);
	if (slow)
		put_slow_log(task->host, slow, result);
	else
		tool_unread(result, "the slow log", err->code);
	return 0;
}

static const char *failure_kind(int code)
{
	switch (code) {
	case -EACCES:
		return "authentication";
	case -ECONNREFUSED:
	case -ENOENT:
		return "refused";
	case -ETIMEDOUT:
		return "timeout";
	case -EPIPE:
	case -ECONNRESET:
		return "closed";
	default:
		return "other";
	}
}

static void add_logs(struct task *task, const json_t *args, json_t *result)
{
	CLEANUP(json) json_t *paths = host_match(task->host, "/var/log/redis/*.log", MAX_LOGS);
	json_t *logs = json_array();
	const json_t *path;
	size_t i;

	json_array_foreach(paths, i, path)
	{
		struct trouble_log log = { .kinds = kinds,
					   .path = json_string_value(path),
					   .since_s =
						   (uint64_t)json_get_int(args, "since_s", 3600) };

		json_push(logs, trouble_log_read(task, &log, result));
	}
	json_put(result, "logs", logs);
}

static void examine(struct task *task, const struct database_socket *server, json_t *result)
{
	struct error err = { 0 };
	int r = ask_server(task, server, result, &err);

	json_put(result, "socket", json_text(server->path, strlen(server->path)));
	json_put(result, "port", json_integer(server->port));
	if (server->program)
		json_put(result, "process", program_json(server->program));
	json_put(result, "connected", json_boolean(r == 0));
	if (r == 0)
		return;
	json_put(result, "error", json_text(err.text, strlen(err.text)));
	json_put(result, "error_kind", json_string(failure_kind(r)));
	tool_unread(result, "the server's statistics", r);
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
	redis_servers_find(task->host, &programs, &servers);
	json_put(result, "running", json_boolean(servers.n));
	for (size_t i = 0; i < servers.n && !task->host->is_fixture; i++) {
		json_t *one = i ? json_object() : result;

		examine(task, &servers.list[i], one);
		if (i)
			json_push(others, one);
	}
	add_logs(task, args, result);
	return 0;
}

#define FIGURES "{*: number|string}"
#define REDIS_RESULT                                                                    \
	"socket?: string, port?: integer, process?: " PROGRAM_RESULT                    \
	", connected?: boolean, error?: string, error_kind?: string, server?: " FIGURES \
	", memory?: " FIGURES ", clients?: " FIGURES ", persistence?: " FIGURES         \
	", statistics?: " FIGURES ", replication?: " FIGURES                            \
	", slow_log?: [{seconds_ago: integer, duration_ms: number, command: string}], " \
	"unread?: unread"

const struct tool tool_get_redis_health = {
	.info = {
		.name = "get_redis_health",
		.summary = "Redis or Valkey here: memory against its limit, clients and refusals, "
			   "persistence failures, slow commands, log errors.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2592000,"
			  "\"default\":3600,\"description\":\"How old log lines may be\"}}}",
		.result = "running: boolean, logs: [" TROUBLE_LOG_RESULT "], " REDIS_RESULT
			", other_instances: [{" REDIS_RESULT "}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_TARGETS,
		.target = TARGET_REDIS,
	},
	.run = run,
};
