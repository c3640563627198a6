#include "server/store/database/sqlite_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

void sqlite_statement_free(struct sqlite_statement *statement)
{
	if (statement)
		(void)sqlite3_finalize(statement->handle);
	free(statement);
}

static int check_count(const struct sqlite_statement *statement, const struct store_step *step,
		       struct error *err)
{
	if (statement->n_params != step->n_params)
		return error_set(err, -EINVAL, "%u parameters, but %u are used", step->n_params,
				 statement->n_params);
	return 0;
}

/* PostgreSQL wants each of $1 to $n used, and so do we. */
static int read_names(struct sqlite_statement *statement, const struct store_step *step,
		      struct error *err)
{
	int n = sqlite3_bind_parameter_count(statement->handle);

	for (int i = 1; i <= n; i++) {
		const char *name = sqlite3_bind_parameter_name(statement->handle, i);
		uint64_t number = 0;

		if (!name || !scan_text(&name, "$") || !scan_u64(&name, &number) || *name ||
		    number == 0 || number > step->n_params || n > STORE_MAX_PARAMS)
			return error_set(err, -EINVAL, "a parameter is none of $1 to $%u",
					 step->n_params);
		statement->param[i - 1] = (uint8_t)(number - 1);
	}
	statement->n_params = (unsigned)n;
	return check_count(statement, step, err);
}

static int compile(struct database *db, const struct store_step *step,
		   struct sqlite_statement *statement, struct error *err)
{
	const char *rest = "";
	int code = sqlite3_prepare_v3(db->handle, step->sql, -1, SQLITE_PREPARE_PERSISTENT,
				      &statement->handle, &rest);

	if (code != SQLITE_OK)
		return sqlite_error(db->handle, code, err, "prepare");
	if (!statement->handle || rest[strspn(rest, " \t\n;")])
		return error_set(err, -EINVAL, "not exactly one statement");
	statement->n_columns = (unsigned)sqlite3_column_count(statement->handle);
	statement->only_reads = sqlite3_stmt_readonly(statement->handle);
	return read_names(statement, step, err);
}

static struct sqlite_statement *prepare(struct database *db, const struct store_step *step,
					struct error *err)
{
	struct sqlite_statement *statement = calloc(1, sizeof(*statement));

	if (!statement)
		abort();
	if (compile(db, step, statement, err) < 0) {
		sqlite_statement_free(statement);
		return NULL;
	}
	sqlite_statement_free(statements_add(&db->statements, step->sql, statement));
	return statement;
}

static int bind_value(sqlite3_stmt *handle, int place, const struct store_value *value)
{
	switch (value->kind) {
	case STORE_INT:
		return sqlite3_bind_int64(handle, place, value->integer);
	case STORE_TEXT:
		return sqlite3_bind_text64(handle, place, value->text.data, value->text.len,
					   SQLITE_STATIC, SQLITE_UTF8);
	default:
		return sqlite3_bind_null(handle, place);
	}
}

static int bind(struct database *db, const struct sqlite_statement *statement,
		const struct store_step *step, struct error *err)
{
	int r = check_count(statement, step, err);

	for (unsigned i = 0; r == 0 && i < statement->n_params; i++) {
		int code = bind_value(statement->handle, (int)i + 1,
				      &step->params[statement->param[i]]);

		if (code != SQLITE_OK)
			r = sqlite_error(db->handle, code, err, "bind");
	}
	return r;
}

static int add_column(sqlite3_stmt *statement, int column, struct wire_writer *writer,
		      struct error *err)
{
	const char *text;
	size_t len;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		wire_add_null(writer);
		return 0;
	case SQLITE_INTEGER:
		wire_add_int(writer, sqlite3_column_int64(statement, column));
		return 0;
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(statement, column);
		len = (size_t)sqlite3_column_bytes(statement, column);
		if (!text || memchr(text, '\0', len) || len > STORE_MAX_TEXT_BYTES)
			break;
		wire_add_text(writer, text, len);
		return 0;
	default:
		break;
	}
	return error_set(err, -EINVAL, "column %d is neither TEXT nor BIGINT", column + 1);
}

static int add_row(const struct sqlite_statement *statement, struct wire_writer *writer,
		   unsigned n_rows, struct error *err)
{
	for (unsigned i = 0; i < statement->n_columns; i++) {
		int r = add_column(statement->handle, (int)i, writer, err);

		if (r < 0)
			return r;
	}
	return driver_check_size(writer, n_rows, err);
}

static int fetch(struct database *db, const struct sqlite_statement *statement,
		 struct wire_writer *writer, unsigned *n_rows, struct error *err)
{
	for (;;) {
		int code = sqlite3_step(statement->handle), r;

		if (code == SQLITE_DONE)
			return 0;
		if (code != SQLITE_ROW)
			return sqlite_error(db->handle, code, err, "run");
		r = add_row(statement, writer, ++*n_rows, err);
		if (r < 0)
			return r;
	}
}

/* Values stay bound until others take their places: nobody looks at them before. */
static int run_step(struct database *db, const struct store_step *step, struct wire_writer *writer,
		    struct error *err)
{
	struct sqlite_statement *statement = statements_find(&db->statements, step->sql);
	unsigned n_rows = 0;
	int64_t n_changed;
	int r;

	if (!statement)
		statement = prepare(db, step, err);
	if (!statement)
		return err->code;
	wire_start_step(writer, statement->n_columns);
	r = bind(db, statement, step, err);
	if (r == 0)
		r = fetch(db, statement, writer, &n_rows, err);
	(void)sqlite3_reset(statement->handle); /* repeats what step said */
	if (r < 0)
		return r;
	n_changed = statement->only_reads ? 0 : sqlite3_changes64(db->handle);
	wire_end_step(writer, n_rows, n_changed);
	return driver_expect(step, statement->n_columns ? n_rows : n_changed, err);
}

static int run_steps(struct database *db, const struct store_batch *batch,
		     struct wire_writer *writer, struct error *err)
{
	for (unsigned i = 0; i < batch->n_steps; i++) {
		int r = run_step(db, &batch->steps[i], writer, err);

		if (r < 0)
			return error_wrap(err, "step %u", i + 1);
	}
	return 0;
}

/* Some failures have undone the whole transaction already: standing() tells. */
static void undo(struct database *db)
{
	struct error err = { 0 };

	if (sqlite3_get_autocommit(db->handle))
		return;
	if (sqlite_control(db, SQLITE_CONTROL_UNDO, &err) < 0 ||
	    sqlite_control(db, SQLITE_CONTROL_RELEASE, &err) < 0)
		db->lost = STANDING_GONE;
}

static int run_carefully(struct database *db, const struct store_batch *batch,
			 struct wire_writer *writer, struct error *err)
{
	int r = sqlite_control(db, SQLITE_CONTROL_SAVEPOINT, err);

	if (r < 0)
		return r;
	r = run_steps(db, batch, writer, err);
	if (r == 0)
		r = sqlite_control(db, SQLITE_CONTROL_RELEASE, err);
	if (r < 0)
		undo(db);
	return r;
}

/* A statement that fails undoes itself; what steps before it changed is with the transaction. */
static int run_trusting(struct database *db, const struct store_batch *batch,
			struct wire_writer *writer, struct error *err)
{
	int64_t n_before = sqlite3_total_changes64(db->handle);
	int r = run_steps(db, batch, writer, err);

	if (r < 0 && sqlite3_total_changes64(db->handle) != n_before)
		db->lost = STANDING_LOST;
	return r;
}

int sqlite_run(struct database *db, const struct wire_batch *batch, struct wire_writer *writer,
	       struct error *err)
{
	int r;

	db->deadline_ns = batch->deadline_ns;
	if (db->how == BEGIN_TRUSTING)
		r = run_trusting(db, &batch->batch, writer, err);
	else
		r = run_carefully(db, &batch->batch, writer, err);
	db->deadline_ns = 0;
	return r;
}
