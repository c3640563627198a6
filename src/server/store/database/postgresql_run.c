#include "server/store/database/postgresql_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define OID_INT8 20
#define OID_INT2 21
#define OID_INT4 23
#define OID_TEXT 25
#define OID_VARCHAR 1043

#define NUMBER_BYTES 24

static int send_prepare(struct database *db, const char *sql, char **name_out, struct error *err)
{
	if (asprintf(name_out, "s%u", db->n_names++) < 0)
		abort();
	return PQsendPrepare(db->conn, *name_out, sql, 0, NULL) ? 0 : postgresql_lost(db, err);
}

/* Numbers go as text too: the server knows the type by the place, as in SQLite. */
static int send_execute(struct database *db, const char *name, const struct store_step *step,
			struct error *err)
{
	const char *values[STORE_MAX_PARAMS];
	char numbers[STORE_MAX_PARAMS][NUMBER_BYTES];

	for (unsigned i = 0; i < step->n_params; i++) {
		const struct store_value *value = &step->params[i];

		values[i] = value->kind == STORE_TEXT ? value->text.data : NULL;
		if (value->kind != STORE_INT)
			continue;
		text_format(numbers[i], NUMBER_BYTES, "%" PRId64, value->integer);
		values[i] = numbers[i];
	}
	if (!PQsendQueryPrepared(db->conn, name, (int)step->n_params, values, NULL, NULL, 0))
		return postgresql_lost(db, err);
	return 0;
}

/* One batch on its way there and back. */
struct exchange {
	const struct store_batch *batch;
	struct wire_writer *writer;
	struct error *failed; /* why the batch is undone, while the connection is well */
	uint64_t until_ns;
	char *fresh[STORE_MAX_STEPS]; /* names of what is prepared on this occasion */
	bool accepted[STORE_MAX_STEPS];
};

static int send_steps(struct database *db, const struct store_batch *batch, char **fresh,
		      struct error *err)
{
	for (unsigned i = 0; i < batch->n_steps; i++) {
		const struct store_step *step = &batch->steps[i];
		const char *name = statements_find(&db->statements, step->sql);
		int r = 0;

		if (!name) {
			r = send_prepare(db, step->sql, &fresh[i], err);
			name = fresh[i];
		}
		if (r == 0)
			r = send_execute(db, name, step, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Seen by the row-level security of every table, and by the statements that follow. */
static int send_settings(struct database *db, const struct wire_batch *wire, struct error *err)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ms =
		wire->deadline_ns > now_ns ? (wire->deadline_ns - now_ns) / NS_PER_MS : 0;
	char timeout[NUMBER_BYTES];
	const char *values[] = { wire->batch.org, timeout };

	if (left_ms >= INT32_MAX)
		left_ms = INT32_MAX - 1;
	text_format(timeout, sizeof(timeout), "%" PRIu64, left_ms + 1);
	if (!PQsendQueryPrepared(db->conn, POSTGRESQL_SETTINGS, 2, values, NULL, NULL, 0))
		return postgresql_lost(db, err);
	return 0;
}

static int send_notice(struct database *db, const char *notice, struct error *err)
{
	if (!PQsendQueryPrepared(db->conn, POSTGRESQL_NOTIFY, 1, &notice, NULL, NULL, 0))
		return postgresql_lost(db, err);
	return 0;
}

static int add_value(const PGresult *result, int row, int column, struct wire_writer *writer,
		     struct error *err)
{
	const char *text = PQgetvalue(result, row, column);
	size_t len = (size_t)PQgetlength(result, row, column);

	if (PQgetisnull(result, row, column)) {
		wire_add_null(writer);
		return 0;
	}
	switch (PQftype(result, column)) {
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		wire_add_int(writer, strtoll(text, NULL, 10));
		return 0;
	case OID_TEXT:
	case OID_VARCHAR:
		if (len > STORE_MAX_TEXT_BYTES)
			return error_set(err, -E2BIG, "a text of %zu bytes", len);
		wire_add_text(writer, text, len);
		return 0;
	default:
		return error_set(err, -EINVAL, "column %d is neither TEXT nor BIGINT", column + 1);
	}
}

static int add_rows(const PGresult *result, struct wire_writer *writer, struct error *err)
{
	int n_columns = PQnfields(result);

	for (int row = 0; row < PQntuples(result); row++) {
		int r = 0;

		for (int column = 0; r == 0 && column < n_columns; column++)
			r = add_value(result, row, column, writer, err);
		if (r == 0)
			r = driver_check_size(writer, (unsigned)row + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* PostgreSQL counts the rows of a SELECT as well. */
static int64_t count_changed(PGresult *result)
{
	const char *command = PQcmdStatus(result);

	return strncmp(command, "SELECT", 6) == 0 ? 0 : strtoll(PQcmdTuples(result), NULL, 10);
}

static int take_result(PGresult *result, const struct store_step *step, struct wire_writer *writer,
		       struct error *err)
{
	int64_t n_changed = count_changed(result);
	unsigned n_rows = (unsigned)PQntuples(result);
	unsigned n_columns = (unsigned)PQnfields(result);
	int r;

	wire_start_step(writer, n_columns);
	r = add_rows(result, writer, err);
	if (r < 0)
		return r;
	wire_end_step(writer, n_rows, n_changed);
	return driver_expect(step, n_columns ? n_rows : n_changed, err);
}

/* One command's result; its failure goes into 'failed' unless another came before. */
static int read_command(struct database *db, uint64_t until_ns, struct error *failed,
			PGresult **result_out, struct error *err)
{
	int r = postgresql_result(db, until_ns, result_out, err);
	ExecStatusType status;

	if (r < 0)
		return r;
	status = PQresultStatus(*result_out);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && failed->code == 0)
		(void)postgresql_result_error(*result_out, failed);
	return 0;
}

static int read_step(struct database *db, struct exchange *exchange, unsigned i, struct error *err)
{
	CLEANUP(result) PGresult *prepared = NULL;
	CLEANUP(result) PGresult *result = NULL;
	struct error *failed = exchange->failed;
	bool failed_before = failed->code != 0;
	int r = 0;

	if (exchange->fresh[i]) {
		r = read_command(db, exchange->until_ns, failed, &prepared, err);
		exchange->accepted[i] = r == 0 && PQresultStatus(prepared) == PGRES_COMMAND_OK;
	}
	if (r == 0)
		r = read_command(db, exchange->until_ns, failed, &result, err);
	if (r < 0)
		return r;
	if (failed->code == 0)
		(void)take_result(result, &exchange->batch->steps[i], exchange->writer, failed);
	if (failed->code != 0 && !failed_before)
		(void)error_wrap(failed, "step %u", i + 1);
	return 0;
}

static int read_batch(struct database *db, struct exchange *exchange, struct error *err)
{
	CLEANUP(result) PGresult *settings = NULL;
	CLEANUP(result) PGresult *noticed = NULL;
	int r = postgresql_flush(db, exchange->until_ns, err);

	if (r == 0)
		r = read_command(db, exchange->until_ns, exchange->failed, &settings, err);
	for (unsigned i = 0; r == 0 && i < exchange->batch->n_steps; i++)
		r = read_step(db, exchange, i, err);
	if (r == 0 && exchange->batch->notice)
		r = read_command(db, exchange->until_ns, exchange->failed, &noticed, err);
	return r < 0 ? r : postgresql_end(db, exchange->until_ns, err);
}

/* What the server has prepared outlives the batch, also one that failed. */
static int keep_names(struct database *db, struct exchange *exchange, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < exchange->batch->n_steps; i++) {
		CLEANUP(text) char *old = NULL;
		char command[64];

		if (!exchange->accepted[i])
			continue;
		old = statements_add(&db->statements, exchange->batch->steps[i].sql,
				     TAKE(exchange->fresh[i]));
		text_format(command, sizeof(command), "DEALLOCATE %s", old ? old : "");
		if (old)
			r = postgresql_owe(db, command, err);
	}
	return r;
}

static int exchange_batch(struct database *db, const struct wire_batch *wire,
			  struct exchange *exchange, struct error *err)
{
	int r = postgresql_owe(db, "SAVEPOINT batch", err);

	if (r == 0)
		r = send_settings(db, wire, err);
	if (r == 0)
		r = send_steps(db, &wire->batch, exchange->fresh, err);
	if (r == 0 && wire->batch.notice)
		r = send_notice(db, wire->batch.notice, err);
	if (r == 0)
		r = read_batch(db, exchange, err);
	if (r == 0 && exchange->failed->code != 0)
		r = postgresql_owe(db, "ROLLBACK TO batch", err);
	if (r == 0)
		r = postgresql_owe(db, "RELEASE batch", err);
	if (r == 0)
		r = keep_names(db, exchange, err);
	return r;
}

int postgresql_run(struct database *db, const struct wire_batch *wire, struct wire_writer *writer,
		   struct error *err)
{
	struct error failed = { 0 };
	struct exchange exchange = {
		.batch = &wire->batch,
		.writer = writer,
		.failed = &failed,
		.until_ns = wire->deadline_ns + POSTGRESQL_GRACE_NS,
	};
	int r = exchange_batch(db, wire, &exchange, err);

	for (unsigned i = 0; i < wire->batch.n_steps; i++)
		free(exchange.fresh[i]);
	if (r < 0 || failed.code == 0)
		return r;
	*err = failed;
	return failed.code;
}
