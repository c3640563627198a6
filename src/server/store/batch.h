/*
 * A batch of SQL for the store, and what comes back: values, steps, rows. See
 * store.h for what SQL may be used and what a batch promises.
 */
#pragma once

#include "base/base.h"
#include "base/scan.h"

#define STORE_EVERY_ORG "*"

#define STORE_MAX_STEPS 64
#define STORE_MAX_PARAMS 32
#define STORE_MAX_SQL_BYTES (8 * KIB)
#define STORE_MAX_TEXT_BYTES (16 * MIB)  /* one value */
#define STORE_MAX_BATCH_BYTES (24 * MIB) /* of one batch, and of one result */
#define STORE_MAX_ROWS 65536             /* of one result: use LIMIT */
#define STORE_MAX_NOTICE_BYTES 4000

enum store_kind {
	STORE_NULL,
	STORE_INT,
	STORE_TEXT,
};

struct store_value {
	enum store_kind kind;
	int64_t integer;
	struct str text; /* in results NUL-terminated as well, for convenience */
};

/* Of the rows that a step returns, or changes if it returns none. */
enum store_expect {
	STORE_ANY,
	STORE_SOME, /* at least one, else the batch is undone: -ENOENT */
	STORE_NONE, /* not one, else the batch is undone: -EEXIST */
};

struct store_step {
	const char *sql; /* one statement */
	const struct store_value *params;
	unsigned n_params;
	enum store_expect expect;
};

struct store_batch {
	const char *org;
	const struct store_step *steps;
	unsigned n_steps;
	uint64_t deadline_ns; /* how long it may take; 0: STORE_DEADLINE_NS */
	/*
	 * It only reads, and may be answered before batches that were submitted earlier and
	 * are not yet answered: it waits for no commit, and sees what was answered.
	 */
	bool is_question;
	/*
	 * A hint for the other servers on this database, once the batch is on disk: see
	 * store_config.told. Whoever may connect to the database may hear it, and say one, so
	 * it holds no secret and proves nothing. SQLite has no other servers. NULL: none.
	 */
	const char *notice;
};

struct store_rows {
	unsigned n_rows, n_columns;
	int64_t n_changed;                /* by INSERT, UPDATE, DELETE */
	const struct store_value *values; /* row by row; see store_at() */
};

struct store_result {
	unsigned n_steps;
	const struct store_rows *steps; /* one per step of the batch */
};

/* Parameters. */
struct store_value store_null(void);
struct store_value store_int(int64_t integer);
struct store_value store_text(const char *text); /* NULL gives STORE_NULL */
struct store_value store_str(struct str text);

/* A value of a result; the row and the column must be there. */
const struct store_value *store_at(const struct store_rows *rows, unsigned row, unsigned column);
/* Its text, "" for what is none; its number, 0 for what is none. */
const char *store_text_at(const struct store_rows *rows, unsigned row, unsigned column);
int64_t store_int_at(const struct store_rows *rows, unsigned row, unsigned column);
