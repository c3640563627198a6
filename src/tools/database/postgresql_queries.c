#include "tools/database/postgresql_queries.h"

#define CLIENTS "backend_type = 'client backend' AND pid <> pg_backend_pid()"
#define SECONDS_SINCE(column) \
	"round(extract(epoch FROM clock_timestamp() - " column ")::numeric, 3)"

const struct postgresql_query postgresql_server_queries[] = {
	{ "server",
	  "SELECT version() AS version, pg_is_in_recovery() AS in_recovery, " SECONDS_SINCE(
		  "pg_postmaster_start_time()") " AS uptime_s,"
						" current_setting('data_directory', true) AS "
						"data_directory,"
						" current_setting('shared_buffers') AS "
						"shared_buffers,"
						" current_setting('work_mem') AS work_mem,"
						" current_setting('autovacuum') AS autovacuum,"
						" current_setting('fsync') AS fsync,"
						" current_setting('track_io_timing') AS "
						"track_io_timing,"
						" current_setting('log_destination') AS "
						"log_destination,"
						" current_setting('logging_collector') AS "
						"logging_collector,"
						" current_setting('log_directory', true) AS "
						"log_directory",
	  POSTGRESQL_ROW, 0, 0 },
	{ "connections",
	  "SELECT count(*) AS total, m.n AS max, round(100.0 * count(*) / m.n, 1) AS used_percent,"
	  " count(*) FILTER (WHERE state = 'active') AS active,"
	  " count(*) FILTER (WHERE state = 'idle') AS idle,"
	  " count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,"
	  " count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_locks"
	  " FROM (SELECT current_setting('max_connections')::int AS n) m LEFT JOIN"
	  " pg_stat_activity a ON a.backend_type = 'client backend' GROUP BY m.n",
	  POSTGRESQL_ROW, 100000, 0 },
	{ "longest_queries",
	  "SELECT pid, usename::text AS user, datname::text AS database, application_name::text AS"
	  " application, state, " SECONDS_SINCE("query_start") " AS age_s, " SECONDS_SINCE(
		  "xact_start") " AS transaction_age_s, wait_event_type, wait_event,"
				" left(query, 1000) AS query FROM pg_stat_activity WHERE " CLIENTS
				" AND state = 'active' ORDER BY query_start LIMIT 15",
	  POSTGRESQL_ROWS, 100000, 0 },
	{ "idle_in_transaction",
	  "SELECT pid, usename::text AS user, datname::text AS database, " SECONDS_SINCE(
		  "state_change") " AS idle_s, " SECONDS_SINCE("xact_start") " AS "
									     "transaction_age_s, "
									     "left(query, 500) AS "
									     "last_query FROM "
									     "pg_stat_activity "
									     "WHERE " CLIENTS
									     " AND state LIKE "
									     "'idle in "
									     "transaction%' ORDER "
									     "BY xact_start LIMIT "
									     "10",
	  POSTGRESQL_ROWS, 100000, 0 },
	{ "lock_waits",
	  "SELECT a.pid, " SECONDS_SINCE(
		  "a.query_start") " AS waited_s, a.datname::text AS database,"
				   " a.wait_event, array_to_string(pg_blocking_pids(a.pid), ',') "
				   "AS blocked_by,"
				   " (SELECT l.relation::regclass::text FROM pg_locks l WHERE "
				   "l.pid = a.pid AND NOT l.granted"
				   " AND l.relation IS NOT NULL LIMIT 1) AS relation, "
				   "left(a.query, 500) AS query"
				   " FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' "
				   "ORDER BY a.query_start LIMIT 30",
	  POSTGRESQL_ROWS, 100000, 0 },
	/* Who makes a file longer holds its lock for one write: that is a wait for the disk. */
	{ "blockers",
	  "WITH RECURSIVE waits AS MATERIALIZED (SELECT a.pid AS waiter, unnest(pg_blocking_pids("
	  "a.pid)) AS blocker FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' AND"
	  " a.wait_event <> 'extend'),"
	  " chain(root, waiter) AS (SELECT blocker, waiter FROM waits WHERE blocker NOT IN"
	  " (SELECT waiter FROM waits) UNION SELECT c.root, w.waiter FROM chain c JOIN waits w ON"
	  " w.blocker = c.waiter)"
	  " SELECT c.root AS pid, count(*) AS blocked_count, a.usename::text AS user, "
	  "a.datname::text"
	  " AS database, a.application_name::text AS application, a.state, " SECONDS_SINCE(
		  "a.state_change") " AS state_age_s, " SECONDS_SINCE("a.xact_start") " AS "
										      "transaction_"
										      "age_s, "
										      "left(a."
										      "query, 500) "
										      "AS query "
										      "FROM chain "
										      "c LEFT JOIN"
										      " pg_stat_"
										      "activity a "
										      "ON a.pid = "
										      "c.root "
										      "GROUP BY "
										      "c.root, "
										      "a.usename, "
										      "a.datname,"
										      " a."
										      "application_"
										      "name, "
										      "a.state, "
										      "a.state_"
										      "change, "
										      "a.xact_"
										      "start, "
										      "a.query "
										      "ORDER BY 2 "
										      "DESC LIMIT "
										      "10",
	  POSTGRESQL_ROWS, 120000, 0 },
	{ "databases",
	  "SELECT datname::text AS database, numbackends AS connections, deadlocks, conflicts,"
	  " temp_files, temp_bytes, xact_commit AS commits, xact_rollback AS rollbacks,"
	  " blks_hit, blks_read, round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2)"
	  " AS cache_hit_percent, blk_read_time AS read_ms, blk_write_time AS write_ms"
	  " FROM pg_stat_database WHERE datname IS NOT NULL AND datname NOT LIKE 'template%'"
	  " ORDER BY blks_hit + blks_read DESC LIMIT 20",
	  POSTGRESQL_ROWS, 0, 0 },
	{ "checkpoints",
	  "SELECT checkpoints_timed AS timed, checkpoints_req AS requested, checkpoint_write_time"
	  " AS write_ms, checkpoint_sync_time AS sync_ms, buffers_checkpoint, buffers_backend,"
	  " buffers_backend_fsync FROM pg_stat_bgwriter",
	  POSTGRESQL_ROW, 0, 170000 },
	{ "checkpoints",
	  "SELECT num_timed AS timed, num_requested AS requested, write_time AS write_ms, sync_time"
	  " AS sync_ms, buffers_written AS buffers_checkpoint FROM pg_stat_checkpointer",
	  POSTGRESQL_ROW, 170000, 0 },
	{ "replicas",
	  "SELECT application_name::text AS name, client_addr::text AS address, state, sync_state,"
	  " pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE"
	  " pg_current_wal_lsn() END, replay_lsn)::bigint AS lag_bytes,"
	  " extract(epoch FROM replay_lag)::numeric AS lag_s FROM pg_stat_replication LIMIT 20",
	  POSTGRESQL_ROWS, 100000, 0 },
	{ "recovery",
	  "SELECT pg_is_in_recovery() AS in_recovery, " SECONDS_SINCE(
		  "pg_last_xact_replay_timestamp()") " AS replay_delay_s,"
						     " (SELECT status FROM pg_stat_wal_receiver) "
						     "AS receiver_status WHERE pg_is_in_recovery()",
	  POSTGRESQL_ROW, 100000, 0 },
	{ "replication_slots",
	  "SELECT slot_name::text AS name, active, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() "
	  "THEN"
	  " pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::bigint AS"
	  " retained_bytes FROM pg_replication_slots LIMIT 20",
	  POSTGRESQL_ROWS, 100000, 0 },
	{ "archiver",
	  "SELECT archived_count AS archived, failed_count AS failed, "
	  "last_failed_wal, " SECONDS_SINCE("last_failed_time") " AS "
								"last_failed_s_ago, " SECONDS_SINCE(
									"last_archived_time") " AS "
											      "last"
											      "_arc"
											      "hive"
											      "d_s_"
											      "ago "
											      "FROM"
											      " pg_"
											      "stat"
											      "_arc"
											      "hive"
											      "r",
	  POSTGRESQL_ROW, 0, 0 },
	{ "wraparound",
	  "SELECT datname::text AS database, age(datfrozenxid) AS transactions,"
	  " round(100.0 * age(datfrozenxid) / 2000000000, 1) AS used_percent FROM pg_database"
	  " ORDER BY 2 DESC LIMIT 1",
	  POSTGRESQL_ROW, 0, 0 },
	{ NULL, NULL, POSTGRESQL_ROW, 0, 0 },
};

/* Sizes come from pg_class: pg_relation_size() would wait for locks, which is what we look for. */
const struct postgresql_query postgresql_database_queries[] = {
	{ "dead_tuples",
	  "SELECT schemaname || '.' || relname AS table, n_live_tup AS live, n_dead_tup AS dead,"
	  " round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 1) AS dead_percent,"
	  " (SELECT relpages::bigint * 8192 FROM pg_class WHERE oid = relid) AS "
	  "bytes, " SECONDS_SINCE(
		  "greatest(last_vacuum, last_autovacuum)") " AS vacuumed_s_ago FROM "
							    "pg_stat_user_tables WHERE n_dead_tup "
							    "> 1000"
							    " ORDER BY n_dead_tup DESC LIMIT 10",
	  POSTGRESQL_ROWS, 0, 0 },
	{ "sequential_scans",
	  "SELECT schemaname || '.' || relname AS table, seq_scan AS scans, seq_tup_read AS "
	  "rows_read,"
	  " round(seq_tup_read / seq_scan::numeric) AS rows_per_scan, coalesce(idx_scan, 0) AS"
	  " index_scans, n_live_tup AS live, (SELECT relpages::bigint * 8192 FROM pg_class WHERE "
	  "oid = relid) AS bytes,"
	  " (seq_tup_read / seq_scan > 10000 AND coalesce(idx_scan, 0) < seq_scan) AS"
	  " index_probably_missing FROM pg_stat_user_tables WHERE seq_scan > 0"
	  " AND seq_tup_read / nullif(seq_scan, 0) > 1000 ORDER BY seq_tup_read DESC LIMIT 10",
	  POSTGRESQL_ROWS, 0, 0 },
	{ "unindexed_references",
	  "SELECT c.conrelid::regclass::text AS table, c.conname::text AS constraint,"
	  " (SELECT string_agg(a.attname::text, ',' ORDER BY a.attnum) FROM pg_attribute a WHERE"
	  " a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS columns,"
	  " (SELECT relpages::bigint * 8192 FROM pg_class WHERE oid = c.conrelid) AS bytes FROM "
	  "pg_constraint c WHERE c.contype = 'f' AND"
	  " NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND"
	  " (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey) AND"
	  " (SELECT relpages FROM pg_class WHERE oid = c.conrelid) > 128 ORDER BY 4 DESC LIMIT 10",
	  POSTGRESQL_ROWS, 100000, 0 },
	{ "invalid_indexes",
	  "SELECT indexrelid::regclass::text AS index, indrelid::regclass::text AS table"
	  " FROM pg_index WHERE NOT indisvalid LIMIT 10",
	  POSTGRESQL_ROWS, 0, 0 },
	{ NULL, NULL, POSTGRESQL_ROW, 0, 0 },
};

const char postgresql_databases_query[] =
	"SELECT datname::text AS name, pg_database_size(oid) AS bytes FROM pg_database"
	" WHERE datallowconn AND NOT datistemplate ORDER BY 2 DESC LIMIT 5";

const char postgresql_waits_query[] =
	"SELECT coalesce(wait_event_type, 'CPU') AS type, coalesce(wait_event, 'running') AS event,"
	" count(*) AS n, string_agg(pid::text, ' ' ORDER BY query_start) AS pids FROM"
	" pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
	" GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20";

const char postgresql_has_statements_query[] =
	"SELECT 1 AS one FROM pg_extension WHERE extname = 'pg_stat_statements'";

const char postgresql_statements_query[] =
	"SELECT left(query, 500) AS query, calls, round(total_exec_time::numeric, 1) AS total_ms,"
	" round(mean_exec_time::numeric, 1) AS mean_ms, rows, shared_blks_read AS blocks_read,"
	" temp_blks_written AS temp_blocks FROM pg_stat_statements ORDER BY total_exec_time DESC "
	"LIMIT 10";
