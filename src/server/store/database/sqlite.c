/* SQLite: one file, which is ours alone while we run. */
#include "server/store/database/sqlite_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/sandbox/confine.h"

#define LOCK_WAIT_MS 5000
#define OPS_BETWEEN_LOOKS 2000 /* at the clock; some 20 us */
#define ROW_MAX_BYTES (int)(64 * MIB)
/* What a statement allocates while it runs is taken from there. */
#define LOOKASIDE_BYTES 1200
#define N_LOOKASIDE 256

/*
 * The lock is kept, so that a second server on the same file fails at its start, no
 * shared memory is needed, and no lock has to be taken behind our walls. FULL makes
 * a commit wait for the disk. The log grows to 16 MiB before its pages are copied home:
 * most of them were written many times by then.
 */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA journal_size_limit = 67108864;"
			       "PRAGMA wal_autocheckpoint = 4096;"
			       "PRAGMA cache_size = -65536;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;";

static const char *const controls[SQLITE_CONTROL_N] = {
	[SQLITE_CONTROL_BEGIN] = "BEGIN IMMEDIATE", [SQLITE_CONTROL_COMMIT] = "COMMIT",
	[SQLITE_CONTROL_ROLLBACK] = "ROLLBACK",     [SQLITE_CONTROL_SAVEPOINT] = "SAVEPOINT batch",
	[SQLITE_CONTROL_RELEASE] = "RELEASE batch", [SQLITE_CONTROL_UNDO] = "ROLLBACK TO batch",
};

static int errno_of_constraint(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return -EEXIST;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

static int errno_of(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return errno_of_constraint(code);
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_INTERRUPT:
		return -ETIMEDOUT;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_IOERR:
		return sqlite3_system_errno(handle) == ENOSPC ? -ENOSPC : -EIO;
	case SQLITE_CANTOPEN:
		return sqlite3_system_errno(handle) ? -sqlite3_system_errno(handle) : -EACCES;
	case SQLITE_NOMEM:
		abort();
	default:
		return -EINVAL;
	}
}

int sqlite_error(sqlite3 *handle, int code, struct error *err, const char *what)
{
	int r = errno_of(handle, code);

	if (r == -ETIMEDOUT)
		return error_set(err, r, "%s: the deadline passed", what);
	return error_set(err, r, "%s: %s", what, sqlite3_errmsg(handle));
}

int sqlite_control(struct database *db, enum sqlite_control what, struct error *err)
{
	int code = sqlite3_step(db->control[what]);

	(void)sqlite3_reset(db->control[what]); /* repeats what step said */
	return code == SQLITE_DONE ? 0 : sqlite_error(db->handle, code, err, controls[what]);
}

static int handle_progress(void *data)
{
	const struct database *db = data;

	return db->deadline_ns && clock_monotonic_ns() > db->deadline_ns;
}

static int execute(struct database *db, const char *sql, struct error *err)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : sqlite_error(db->handle, code, err, "the database file");
}

static int prepare_controls(struct database *db, struct error *err)
{
	for (size_t i = 0; i < SQLITE_CONTROL_N; i++) {
		int code = sqlite3_prepare_v3(db->handle, controls[i], -1,
					      SQLITE_PREPARE_PERSISTENT, &db->control[i], NULL);

		if (code != SQLITE_OK)
			return sqlite_error(db->handle, code, err, controls[i]);
	}
	return 0;
}

static int configure(struct database *db, const char *path, struct error *err)
{
	int r;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, LOCK_WAIT_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_BYTES,
				N_LOOKASIDE);
	(void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, ROW_MAX_BYTES);
	(void)sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(db->handle, OPS_BETWEEN_LOOKS, handle_progress, db);
	if (sqlite3_db_readonly(db->handle, "main") == 1)
		return error_set(err, -EROFS, "'%s' can only be read", path);
	r = execute(db, settings, err);
	if (r == -EBUSY)
		return error_set(err, r, "'%s' is in use by another process", path);
	if (r < 0)
		return error_wrap(err, "open '%s'", path);
	return prepare_controls(db, err);
}

static void close_database(struct database *db)
{
	if (!db)
		return;
	sqlite_end_backup(db);
	for (struct sqlite_statement *statement = statements_take(&db->statements); statement;
	     statement = statements_take(&db->statements))
		sqlite_statement_free(statement);
	for (size_t i = 0; i < SQLITE_CONTROL_N; i++)
		(void)sqlite3_finalize(db->control[i]);
	(void)sqlite3_close(db->handle);
	free(db);
}

static struct database *open_database(const char *path, struct error *err)
{
	struct database *db = calloc(1, sizeof(*db));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int code, r = 0;

	if (!db)
		abort();
	/* One thread, which counts its memory by limits of the process. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	code = sqlite3_open_v2(path, &db->handle, flags, NULL);
	if (!db->handle)
		abort();
	if (code != SQLITE_OK) {
		r = sqlite_error(db->handle, code, err, path);
		/* The system's word says more than "unable to open". */
		(void)error_set(err, r, "open '%s': %s", path, strerrordesc_np(-r));
	} else {
		r = configure(db, path, err);
	}
	if (r == 0)
		return db;
	close_database(db);
	return NULL;
}

static int confine(struct error *err)
{
	uint32_t walls;

	return sandbox_confine_store(&walls, err);
}

static int begin(struct database *db, enum begin_as how, struct error *err)
{
	db->how = how;
	return sqlite_control(db, SQLITE_CONTROL_BEGIN, err);
}

static int begin_migration(struct database *db, struct error *err)
{
	return begin(db, BEGIN_CAREFUL, err);
}

static int take_turn(struct database *db UNUSED, struct error *err UNUSED)
{
	return 0;
}

static char *take_notice(struct database *db UNUSED)
{
	return NULL;
}

static int version(struct database *db, int64_t *version_out, struct error *err)
{
	static const char sql[] = "SELECT COALESCE(MAX(number), 0) FROM schema_migrations";
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*version_out = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : sqlite_error(db->handle, code, err, "read its version");
}

static int complete(struct database *db UNUSED, struct error *err UNUSED)
{
	return 0;
}

/* What fails while the transaction is still open is undone; else the disk may have it. */
static int commit(struct database *db, struct error *err)
{
	int r = sqlite_control(db, SQLITE_CONTROL_COMMIT, err);

	if (r == -EIO)
		db->lost = STANDING_GONE;
	return r;
}

static void rollback(struct database *db)
{
	struct error err = { 0 };

	if (!sqlite3_get_autocommit(db->handle) &&
	    sqlite_control(db, SQLITE_CONTROL_ROLLBACK, &err) < 0)
		db->lost = STANDING_GONE;
	if (db->lost == STANDING_LOST)
		db->lost = STANDING_OPEN;
}

static enum standing standing(const struct database *db)
{
	if (db->lost != STANDING_OPEN)
		return db->lost;
	return sqlite3_get_autocommit(db->handle) ? STANDING_LOST : STANDING_OPEN;
}

static int watch(const struct database *db UNUSED)
{
	return -1;
}

static int look(struct database *db UNUSED, struct error *err UNUSED)
{
	return 0;
}

const struct driver driver_sqlite = {
	.open = open_database,
	.close = close_database,
	.confine = confine,
	.begin_migration = begin_migration,
	.execute = execute,
	.version = version,
	.complete = complete,
	.begin = begin,
	.take_turn = take_turn,
	.run = sqlite_run,
	.commit = commit,
	.rollback = rollback,
	.standing = standing,
	.watch = watch,
	.look = look,
	.take_notice = take_notice,
	.start_backup = sqlite_start_backup,
	.step_backup = sqlite_step_backup,
	.end_backup = sqlite_end_backup,
};
