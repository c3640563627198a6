/* The SQLite driver's own: one connection, its statements and its backup. */
#pragma once

#include <sqlite3.h>

#include "server/store/database/driver_internal.h"
#include "server/store/database/statements_internal.h"

enum sqlite_control {
	SQLITE_CONTROL_BEGIN,
	SQLITE_CONTROL_COMMIT,
	SQLITE_CONTROL_ROLLBACK,
	SQLITE_CONTROL_SAVEPOINT,
	SQLITE_CONTROL_RELEASE,
	SQLITE_CONTROL_UNDO, /* back to the savepoint, which stays */
	SQLITE_CONTROL_N,
};

/* A statement, and what is asked of it each time it runs. */
struct sqlite_statement {
	sqlite3_stmt *handle;
	unsigned n_columns, n_params;
	bool only_reads;
	uint8_t param[STORE_MAX_PARAMS]; /* whose value a place takes: SQLite counts as they come */
};

struct database {
	sqlite3 *handle;
	struct statements statements;
	sqlite3_stmt *control[SQLITE_CONTROL_N];
	uint64_t deadline_ns; /* of the batch that runs, 0: none */
	enum begin_as how;    /* the transaction was begun */
	enum standing lost;   /* STANDING_LOST until the end of a transaction with half a batch,
			       * STANDING_GONE after a commit of unknown outcome */

	sqlite3 *copy;
	sqlite3_backup *backup;
	char *path, *partial;
};

/* The negative errno for a result code; sets 'err' to SQLite's own words. */
int sqlite_error(sqlite3 *handle, int code, struct error *err, const char *what);

int sqlite_control(struct database *db, enum sqlite_control what, struct error *err) MUST_CHECK;

void sqlite_statement_free(struct sqlite_statement *statement);

int sqlite_run(struct database *db, const struct wire_batch *batch, struct wire_writer *writer,
	       struct error *err);

int sqlite_start_backup(struct database *db, const char *path, struct error *err);
int sqlite_step_backup(struct database *db, struct error *err);
void sqlite_end_backup(struct database *db);
