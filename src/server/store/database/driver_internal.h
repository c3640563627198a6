/*
 * A driver: one kind of database, as constable-store uses it. Everything blocks,
 * but no longer than a deadline.
 *
 * One transaction is open at a time. Inside it batches run one after the other, so
 * that one which fails leaves the others alone; unless the database gives up the
 * whole transaction: see enum standing.
 */
#pragma once

#include "server/store/wire.h"

struct database;
struct migration;

enum standing {
	STANDING_OPEN, /* the transaction goes on */
	STANDING_LOST, /* it is undone: what ran in it did not happen */
	STANDING_GONE, /* the database is away; what a commit did is not known */
};

/* A savepoint costs as much as a statement, and few batches fail. */
enum begin_as {
	BEGIN_CAREFUL,  /* each batch in a savepoint */
	BEGIN_TRUSTING, /* none, where the driver can: a batch that fails may be STANDING_LOST */
};

struct driver {
	/* Connects, without a look at what is in it. 'where' holds a password, perhaps. */
	struct database *(*open)(const char *where, struct error *err);
	void (*close)(struct database *db);

	/* For good: what the process needs for its work, and no more. */
	int (*confine)(struct error *err);

	/* The transaction in which the schema is looked at, with other servers shut out. */
	int (*begin_migration)(struct database *db, struct error *err);
	/* Statements without parameters or rows. */
	int (*execute)(struct database *db, const char *sql, struct error *err);
	/* The number of the newest migration. */
	int (*version)(struct database *db, int64_t *version_out, struct error *err);
	/* After migrations: what the schema needs that its SQL cannot say. */
	int (*complete)(struct database *db, struct error *err);

	int (*begin)(struct database *db, enum begin_as how, struct error *err);
	/*
	 * What follows changes something: other servers' such transactions come before or after
	 * it, as with SQLite, where one process writes. Taken with what comes next.
	 */
	int (*take_turn)(struct database *db, struct error *err);
	/* On failure the batch is undone, or the whole transaction: see standing(). */
	int (*run)(struct database *db, const struct wire_batch *batch, struct wire_writer *writer,
		   struct error *err);
	int (*commit)(struct database *db, struct error *err);
	void (*rollback)(struct database *db);
	enum standing (*standing)(const struct database *db);

	/* Between groups: a descriptor that becomes readable when the database goes away,
	 * or -1; and whether it is away then: -EIO. */
	int (*watch)(const struct database *db);
	int (*look)(struct database *db, struct error *err);
	/* The next notice of another server, the caller's; NULL: none is left. */
	char *(*take_notice)(struct database *db);

	/* A copy to a new file, some pages at a time: 1 when complete, 0 when not yet. */
	int (*start_backup)(struct database *db, const char *path, struct error *err);
	int (*step_backup)(struct database *db, struct error *err);
	void (*end_backup)(struct database *db);
};

extern const struct driver driver_sqlite, driver_postgresql;

/* By the form of 'where': postgresql:// and postgres://, else a path. */
const struct driver *driver_find(const char *where);

/* Holds a step against what its batch expects. */
int driver_expect(const struct store_step *step, int64_t n_rows, struct error *err) MUST_CHECK;

/* A result within its bounds, 0 or -E2BIG. */
int driver_check_size(const struct wire_writer *writer, unsigned n_rows,
		      struct error *err) MUST_CHECK;
