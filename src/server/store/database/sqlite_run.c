#include "server/store/database/sqlite_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

/* PostgreSQL wants each of $1 to $n used, and so do we. */
static int check_names(sqlite3_stmt *statement, const struct store_step *step, struct error *err)
{
	int n = sqlite3_bind_parameter_count(statement);

	for (int i = 1; i <= n; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i);
		uint64_t number = 0;

		if (!name || !scan_text(&name, "$") || !scan_u64(&name, &number) || *name ||
		    number == 0 || number > step->n_params)
			return error_set(err, -EINVAL, "a parameter is none of $1 to $%u",
					 step->n_params);
	}
	if (n != (int)step->n_params)
		return error_set(err, -EINVAL, "%u parameters, but %d are used", step->n_params, n);
	return 0;
}

static sqlite3_stmt *prepare(struct database *db, const struct store_step *step, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = "";
	int code = sqlite3_prepare_v3(db->handle, step->sql, -1, SQLITE_PREPARE_PERSISTENT,
				      &statement, &rest);
	int r = 0;

	if (code != SQLITE_OK)
		r = sqlite_error(db->handle, code, err, "prepare");
	else if (!statement || rest[strspn(rest, " \t\n;")])
		r = error_set(err, -EINVAL, "not exactly one statement");
	else
		r = check_names(statement, step, err);
	if (r < 0) {
		(void)sqlite3_finalize(statement);
		return NULL;
	}
	(void)sqlite3_finalize(statements_add(&db->statements, step->sql, statement));
	return statement;
}

/* $2 may come before $1 in the text: SQLite counts names as they come. */
static int bind(struct database *db, sqlite3_stmt *statement, const struct store_step *step,
		struct error *err)
{
	int n = sqlite3_bind_parameter_count(statement);

	if (n != (int)step->n_params)
		return error_set(err, -EINVAL, "%u parameters, but %d are used", step->n_params, n);
	for (int i = 1; i <= n; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i) + 1;
		const struct store_value *value = &step->params[strtoul(name, NULL, 10) - 1];
		int code = SQLITE_OK;

		if (value->kind == STORE_INT)
			code = sqlite3_bind_int64(statement, i, value->integer);
		else if (value->kind == STORE_TEXT)
			code = sqlite3_bind_text64(statement, i, value->text.data, value->text.len,
						   SQLITE_STATIC, SQLITE_UTF8);
		else
			code = sqlite3_bind_null(statement, i);
		if (code != SQLITE_OK)
			return sqlite_error(db->handle, code, err, name - 1);
	}
	return 0;
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

static int add_row(sqlite3_stmt *statement, struct wire_writer *writer, unsigned n_rows,
		   struct error *err)
{
	int n = sqlite3_column_count(statement);

	for (int i = 0; i < n; i++) {
		int r = add_column(statement, i, writer, err);

		if (r < 0)
			return r;
	}
	return driver_check_size(writer, n_rows, err);
}

static int fetch(struct database *db, sqlite3_stmt *statement, struct wire_writer *writer,
		 unsigned *n_rows, struct error *err)
{
	for (;;) {
		int code = sqlite3_step(statement), r;

		if (code == SQLITE_DONE)
			return 0;
		if (code != SQLITE_ROW)
			return sqlite_error(db->handle, code, err, "run");
		r = add_row(statement, writer, ++*n_rows, err);
		if (r < 0)
			return r;
	}
}

static int run_step(struct database *db, const struct store_step *step, struct wire_writer *writer,
		    struct error *err)
{
	sqlite3_stmt *statement = statements_find(&db->statements, step->sql);
	unsigned n_rows = 0, n_columns;
	int64_t n_changed;
	int r;

	if (!statement)
		statement = prepare(db, step, err);
	if (!statement)
		return err->code;
	n_columns = (unsigned)sqlite3_column_count(statement);
	wire_start_step(writer, n_columns);
	r = bind(db, statement, step, err);
	if (r == 0)
		r = fetch(db, statement, writer, &n_rows, err);
	(void)sqlite3_reset(statement); /* repeats what step said */
	(void)sqlite3_clear_bindings(statement);
	if (r < 0)
		return r;
	n_changed = sqlite3_stmt_readonly(statement) ? 0 : sqlite3_changes64(db->handle);
	wire_end_step(writer, n_rows, n_changed);
	return driver_expect(step, n_columns ? n_rows : n_changed, err);
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

int sqlite_run(struct database *db, const struct wire_batch *batch, struct wire_writer *writer,
	       struct error *err)
{
	int r = sqlite_control(db, SQLITE_CONTROL_SAVEPOINT, err);

	if (r < 0)
		return r;
	db->deadline_ns = batch->deadline_ns;
	r = run_steps(db, &batch->batch, writer, err);
	db->deadline_ns = 0;
	if (r == 0)
		r = sqlite_control(db, SQLITE_CONTROL_RELEASE, err);
	if (r < 0)
		undo(db);
	return r;
}
