/* The PostgreSQL driver's own: one connection, used as a pipeline. */
#pragma once

#include <libpq-fe.h>

#include "server/store/database/driver_internal.h"
#include "server/store/database/statements_internal.h"

struct database {
	PGconn *conn;
	int backend;                  /* its process at PostgreSQL */
	struct statements statements; /* the prepared thing is a heap name */
	unsigned n_names;             /* given so far */
	unsigned n_owed; /* commands sent, whose results are read with the next batch */
	enum standing standing;
};

/* Prepared for every connection: the org and the deadline of a batch. */
#define POSTGRESQL_SETTINGS "settings"
/* And the notice of one. */
#define POSTGRESQL_NOTIFY "notify"

/* How long beyond a deadline the server may take to say that it passed. */
#define POSTGRESQL_GRACE_NS (5 * NS_PER_SEC)

/* Text of several lines on one, cut to the size of an error. */
int postgresql_error(struct error *err, int code, const char *what, const char *text);

/* The negative errno of a failed result, with its sentence. */
int postgresql_result_error(const PGresult *result, struct error *err);

/* postgresql.c: never NULL unless memory is out; PQstatus() says how it went. */
PGconn *postgresql_connect(const char *url);

/* postgresql_pooler.c: who our backend is; -EOPNOTSUPP where others are given it as well. */
int postgresql_check_pooler(struct database *db, const char *url, struct error *err) MUST_CHECK;

/* The connection is of no use any more: -EIO. */
int postgresql_lost(struct database *db, struct error *err);

/* Queues a command whose result nobody needs but to see that it succeeded. */
int postgresql_owe(struct database *db, const char *sql, struct error *err) MUST_CHECK;

/* Marks the end of what was queued and reads what was owed. */
int postgresql_flush(struct database *db, uint64_t deadline_ns, struct error *err) MUST_CHECK;

/* The next result, which is NULL after each command; until an instant. */
int postgresql_next(struct database *db, uint64_t deadline_ns, PGresult **result_out,
		    struct error *err) MUST_CHECK;

/* The result of one command with the NULL after it; the caller's. */
int postgresql_result(struct database *db, uint64_t deadline_ns, PGresult **result_out,
		      struct error *err) MUST_CHECK;

/* The mark itself. */
int postgresql_end(struct database *db, uint64_t deadline_ns, struct error *err) MUST_CHECK;

/* For CLEANUP(result). */
void result_cleanup(PGresult **result);

int postgresql_run(struct database *db, const struct wire_batch *batch, struct wire_writer *writer,
		   struct error *err);
