/*
 * The store: what the control plane remembers, in SQLite or PostgreSQL.
 *
 * The server hands a batch of SQL statements to a child process, constable-store,
 * which owns the database, and is called back from its loop once the batch is on
 * disk (or was undone). A batch is atomic: all of its steps hold, or none does.
 * Batches of one store take effect in the order of store_submit(), but see is_question; those of
 * several stores on one PostgreSQL one after the other, group by group. Nothing blocks.
 *
 * SQL is written once for both databases. Parameters are $1, $2, ...; types are
 * TEXT (UTF-8 without NUL) and BIGINT; instants are BIGINT, nanoseconds since the
 * epoch; identifiers are TEXT, compared and ordered by their bytes. RETURNING and
 * ON CONFLICT may be used; a column of another type is an error, so write
 * CAST(sum(x) AS BIGINT), and CAST($2 AS TEXT) where nothing else gives the type.
 * Texts of statements are constants: each is prepared once and kept, so a list of
 * optional filters is several constants or `($2 IS NULL OR agent = $2)`.
 *
 * Tenants: a batch names its org. $1 of each of its statements is that org, so
 * params[0] must be it and the statement must use it, else -EINVAL; PostgreSQL
 * adds row-level security, so that rows of others cannot be seen or made whatever
 * a WHERE says. STORE_EVERY_ORG is for what comes before an org is known (a token
 * by its hash, a new org) and for upkeep; there $1 is a parameter like others.
 */
#pragma once

#include "base/error.h"
#include "server/store/batch.h"

struct event_base;
struct store;

#define STORE_MAX_PENDING 16384 /* batches, a fleet that comes back; beyond: -EBUSY */
#define STORE_MAX_PENDING_BYTES (64 * MIB)
#define STORE_DEADLINE_NS (10 * NS_PER_SEC) /* of a batch that says none */

/*
 * Called exactly once, never before store_submit() has returned; exactly one of
 * 'result' and 'err' is not NULL, both borrowed until it returns. It may submit.
 *
 * The batch did not take effect: -ENOENT, -EEXIST (an expectation; -EEXIST also a
 * unique key, -ENOENT also a foreign one), -EINVAL (the statement or a value is
 * wrong; a CHECK or NOT NULL), -EBUSY (the queue is full), -ETIMEDOUT (the
 * deadline passed first), -EAGAIN (a conflict with another server: try again),
 * -E2BIG (a bound above), -ENOSPC, -EROFS, -EACCES, -EUCLEAN (the file is
 * damaged), and whatever ended the store for good (see STORE_FAILED).
 *
 * -EIO: outcome unknown: the child or the database went away, or said nothing
 * before the deadline. The caller decides, mostly by asking again by its own key.
 */
typedef void store_done(const struct store_result *result, const struct error *err, void *data);

enum store_state {
	STORE_STARTING, /* also after a child died; batches wait until their deadlines */
	STORE_READY,
	STORE_FAILED, /* for good: newer schema, no database, damaged, not allowed */
};

struct store_config {
	const char *database;    /* path of a SQLite file, or postgresql://...; copied */
	const char *executables; /* the folder of constable-store */

	/* On each change, from the loop. 'err' is NULL when ready, else why not. */
	void (*changed)(enum store_state state, const struct error *err, void *data);
	/*
	 * A notice of another server on this database (store_batch), unchecked. Some may be
	 * missed, at the latest before STORE_READY. NULL: nobody listens.
	 */
	void (*told)(const char *notice, void *data);
	void *data;
};

/*
 * Starts the child; migrations run before STORE_READY. A child that dies, or loses
 * PostgreSQL, is started again after 0.1 s, doubling to 5 s. NULL with 'err' only
 * if no process can be made. The database is in no argument and no environment.
 * The process must ignore SIGPIPE: a child may die while it is written to.
 */
struct store *store_new(struct event_base *base, const struct store_config *config,
			struct error *err);

/*
 * No callback arrives afterwards. Lets the child finish what it was given and close
 * its files, for up to 5 s: this one blocks, so it belongs at the end of a process.
 */
void store_free(struct store *store);
void store_cleanup(struct store **store);

/*
 * Everything in 'batch' is copied. Returns a ticket, for store_forget(). Wrong use
 * and a full queue are answered like everything else, by 'done'.
 */
uint64_t store_submit(struct store *store, const struct store_batch *batch, store_done *done,
		      void *data);

/* The batch goes on, but its 'done' is not called any more: for a caller that goes away. */
void store_forget(struct store *store, uint64_t ticket);

/* Batches without an answer, and so 0 when a server may end. */
unsigned store_n_pending(const struct store *store);
enum store_state store_state(const struct store *store);

/*
 * Copies the database while it is used to the file 'path' (absolute), which
 * appears whole, checked and synced, or not at all; its folder must be there. To
 * restore, start with that file. Batches wait meanwhile. 'done' gets an empty
 * result. -EOPNOTSUPP for PostgreSQL: use pg_dump.
 */
uint64_t store_backup(struct store *store, const char *path, store_done *done, void *data);
