/* PostgreSQL: one connection, on which a group of batches is one transaction. */
#include "server/store/database/postgresql_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/sandbox/confine.h"

#define MIGRATION_LOCK "4846871263509" /* any numbers that are ours */
#define TURN_LOCK "4846871263510"
#define COMMIT_WAIT_NS (30 * NS_PER_SEC)

/* Where a session differs from what a role or a URL may have set: commits are durable. */
static const char session[] = "SET synchronous_commit = on;"
			      "SET default_transaction_isolation = 'read committed';"
			      "SET statement_timeout = '60s';"
			      "SET idle_in_transaction_session_timeout = '5s'";

/* Schemas of one database are apart. */
#define CHANNEL "'constable ' || current_schema()"

static const char listen_sql[] = "DO $do$ BEGIN EXECUTE format('LISTEN %I', " CHANNEL "); END $do$";
static const char notify_sql[] = "SELECT pg_notify(" CHANNEL ", $1)";

static const char settings[] = "SELECT set_config('constable.org', $1, true),"
			       " set_config('statement_timeout', $2, true)";

/*
 * Of every table of this schema: the rows of an org are seen and made by batches of
 * that org, and by those for every org; the owner is held to it too. Texts compare
 * by their bytes, as in SQLite; that first, for a policy pins its column's type. Done
 * again after each migration.
 */
static const char complete_schema[] =
	"DO $do$ DECLARE t record; c record; BEGIN "
	"FOR c IN SELECT k.relname, a.attname FROM pg_class k JOIN pg_attribute a ON a.attrelid = "
	"k.oid WHERE k.relkind = 'r' AND k.relnamespace = current_schema()::regnamespace"
	" AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'text'::regtype"
	" AND a.attcollation <> '\"C\"'::regcollation LOOP "
	"EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE text COLLATE \"C\"', c.relname, "
	"c.attname);"
	"END LOOP;"
	"FOR t IN SELECT k.relname, CASE WHEN k.relname = 'orgs' THEN 'id' ELSE 'org' END AS org"
	" FROM pg_class k WHERE k.relkind = 'r' AND k.relnamespace = current_schema()::regnamespace"
	" AND NOT k.relrowsecurity AND EXISTS (SELECT 1 FROM pg_attribute a"
	" WHERE a.attrelid = k.oid AND (a.attname = 'org' OR k.relname = 'orgs')) LOOP "
	"EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);"
	"EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);"
	"EXECUTE format('CREATE POLICY of_org ON %I USING (%I = current_setting(''constable.org'', "
	"true) OR current_setting(''constable.org'', true) = ''*'')', t.relname, t.org);"
	"END LOOP; END $do$";

static void ignore_notice(void *data UNUSED, const PGresult *result UNUSED)
{
}

/* Before the pipeline begins: one command or several, their rows are of no interest. */
static int execute(struct database *db, const char *sql, struct error *err)
{
	CLEANUP(result) PGresult *result = PQexec(db->conn, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return 0;
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return postgresql_lost(db, err);
	return postgresql_result_error(result, err);
}

static int query_text(struct database *db, const char *sql, char *text_out, size_t size,
		      struct error *err)
{
	CLEANUP(result) PGresult *result = PQexec(db->conn, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return postgresql_result_error(result, err);
	text_format(text_out, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
	return 0;
}

static int check_role(struct database *db, struct error *err)
{
	char bypasses[8];
	int r = query_text(db,
			   "SELECT rolsuper OR rolbypassrls FROM pg_roles"
			   " WHERE rolname = current_user",
			   bypasses, sizeof(bypasses), err);

	if (r == 0 && bypasses[0] != 'f')
		return error_set(err, -EACCES,
				 "the PostgreSQL role '%s' is not held to row-level security; "
				 "use one that is neither superuser nor BYPASSRLS",
				 PQuser(db->conn));
	return r;
}

static int prepare(struct database *db, const char *name, const char *sql, struct error *err)
{
	CLEANUP(result) PGresult *prepared = PQprepare(db->conn, name, sql, 0, NULL);

	return PQresultStatus(prepared) == PGRES_COMMAND_OK
		       ? 0
		       : postgresql_result_error(prepared, err);
}

static int prepare_session(struct database *db, const char *url, struct error *err)
{
	int r = postgresql_check_pooler(db, url, err);

	if (r == 0)
		r = check_role(db, err);
	if (r == 0)
		r = execute(db, session, err);
	if (r == 0)
		r = execute(db, listen_sql, err);
	if (r == 0)
		r = prepare(db, POSTGRESQL_SETTINGS, settings, err);
	if (r == 0)
		r = prepare(db, POSTGRESQL_NOTIFY, notify_sql, err);
	if (r < 0)
		return r;
	(void)PQsetnonblocking(db->conn, 1);
	return 0;
}

/* libpq repeats what it cannot read, which may be the password. */
static int check_url(const char *url, struct error *err)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	if (!options)
		return error_set(err, -EINVAL, "the database URL cannot be read");
	PQconninfoFree(options);
	return 0;
}

PGconn *postgresql_connect(const char *url)
{
	/* What stands before the URL is a default, what stands after it is not. */
	static const char *const keywords[] = {
		"connect_timeout",
		"tcp_user_timeout",
		"target_session_attrs",
		"dbname",
		"client_encoding",
		"application_name",
		NULL,
	};
	const char *const values[] = {
		"5", "15000", "read-write", url, "UTF8", "constable-store", NULL,
	};

	return PQconnectdbParams(keywords, values, 1);
}

static void close_database(struct database *db)
{
	if (!db)
		return;
	for (void *name = statements_take(&db->statements); name;
	     name = statements_take(&db->statements))
		free(name);
	PQfinish(db->conn);
	free(db);
}

static struct database *open_database(const char *url, struct error *err)
{
	struct database *db;

	if (check_url(url, err) < 0)
		return NULL;
	db = calloc(1, sizeof(*db));
	if (!db)
		abort();
	db->conn = postgresql_connect(url);
	if (!db->conn)
		abort();
	(void)PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
	if (PQstatus(db->conn) != CONNECTION_OK)
		(void)postgresql_error(err, -ECONNREFUSED, "connect to PostgreSQL",
				       PQerrorMessage(db->conn));
	else if (prepare_session(db, url, err) == 0)
		return db;
	close_database(db);
	return NULL;
}

/* All there is from here on is the connection. */
static int confine(struct error *err)
{
	uint32_t walls;

	return sandbox_confine_self(&walls, err);
}

static int begin_migration(struct database *db, struct error *err)
{
	return execute(db,
		       "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
		       "SELECT set_config('constable.org', '*', true)",
		       err);
}

static int version(struct database *db, int64_t *version_out, struct error *err)
{
	char text[32];
	int r = query_text(db, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations", text,
			   sizeof(text), err);

	if (r == 0)
		*version_out = strtoll(text, NULL, 10);
	return r;
}

static int complete(struct database *db, struct error *err)
{
	return execute(db, complete_schema, err);
}

static int begin(struct database *db, enum begin_as how UNUSED, struct error *err)
{
	if (PQpipelineStatus(db->conn) == PQ_PIPELINE_OFF && !PQenterPipelineMode(db->conn))
		return postgresql_lost(db, err);
	db->standing = STANDING_OPEN;
	return postgresql_owe(db, "BEGIN", err);
}

static int take_turn(struct database *db, struct error *err)
{
	return postgresql_owe(db, "SELECT pg_advisory_xact_lock(" TURN_LOCK ")", err);
}

static int finish_transaction(struct database *db, const char *command, struct error *err)
{
	CLEANUP(result) PGresult *result = NULL;
	uint64_t until_ns = clock_monotonic_ns() + COMMIT_WAIT_NS;
	int r = 0;

	if (!PQsendQueryParams(db->conn, command, 0, NULL, NULL, NULL, NULL, 0))
		r = postgresql_lost(db, err);
	if (r == 0)
		r = postgresql_flush(db, until_ns, err);
	if (r == 0)
		r = postgresql_result(db, until_ns, &result, err);
	if (r == 0)
		r = postgresql_end(db, until_ns, err);
	if (r < 0)
		return r;
	db->standing = STANDING_LOST; /* none is open any more */
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		return postgresql_result_error(result, err);
	if (strcmp(PQcmdStatus(result), command) != 0)
		return error_set(err, -EAGAIN, "PostgreSQL undid the transaction");
	return 0;
}

static int commit(struct database *db, struct error *err)
{
	if (PQpipelineStatus(db->conn) == PQ_PIPELINE_OFF)
		return execute(db, "COMMIT", err);
	return finish_transaction(db, "COMMIT", err);
}

static void rollback(struct database *db)
{
	struct error err = { 0 };
	int r = 0;

	if (PQpipelineStatus(db->conn) == PQ_PIPELINE_OFF)
		r = execute(db, "ROLLBACK", &err);
	else if (db->standing == STANDING_OPEN)
		r = finish_transaction(db, "ROLLBACK", &err);
	if (r < 0)
		db->standing = STANDING_GONE;
}

static enum standing standing(const struct database *db)
{
	return db->standing;
}

static int watch(const struct database *db)
{
	return PQsocket(db->conn);
}

/* Between transactions the server says that it ends, and what others told. */
static int look(struct database *db, struct error *err)
{
	if (!PQconsumeInput(db->conn) || PQstatus(db->conn) == CONNECTION_BAD)
		return postgresql_lost(db, err);
	return 0;
}

/* What we said ourselves comes back to us. */
static char *take_notice(struct database *db)
{
	PGnotify *notify = PQnotifies(db->conn);
	char *text = NULL;

	while (notify && notify->be_pid == db->backend) {
		PQfreemem(notify);
		notify = PQnotifies(db->conn);
	}
	if (notify) {
		text = strdup(notify->extra);
		if (!text)
			abort();
	}
	PQfreemem(notify);
	return text;
}

static int start_backup(struct database *db UNUSED, const char *path UNUSED, struct error *err)
{
	return error_set(err, -EOPNOTSUPP, "back PostgreSQL up with pg_dump");
}

static int step_backup(struct database *db UNUSED, struct error *err)
{
	return error_set(err, -EOPNOTSUPP, "no backup was started");
}

static void end_backup(struct database *db UNUSED)
{
}

const struct driver driver_postgresql = {
	.open = open_database,
	.close = close_database,
	.confine = confine,
	.begin_migration = begin_migration,
	.execute = execute,
	.version = version,
	.complete = complete,
	.begin = begin,
	.take_turn = take_turn,
	.run = postgresql_run,
	.commit = commit,
	.rollback = rollback,
	.standing = standing,
	.watch = watch,
	.look = look,
	.take_notice = take_notice,
	.start_backup = start_backup,
	.step_backup = step_backup,
	.end_backup = end_backup,
};
