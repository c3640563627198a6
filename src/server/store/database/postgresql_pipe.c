/* The pipeline: commands are queued, and their results read in order. */
#include "server/store/database/postgresql_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"

void result_cleanup(PGresult **result)
{
	PQclear(*result);
}

int postgresql_error(struct error *err, int code, const char *what, const char *text)
{
	char line[ERROR_TEXT_BYTES];
	size_t len;

	text_format(line, sizeof(line), "%s", text);
	for (char *at = strpbrk(line, "\n\t"); at; at = strpbrk(at, "\n\t"))
		*at = ' ';
	len = strlen(line);
	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	return error_set(err, code, "%s: %.400s", what, line);
}

static int errno_of(const char *state)
{
	static const struct {
		const char *state; /* or its class */
		int code;
	} table[] = {
		{ "08P01", -EINVAL },    { "23505", -EEXIST },    { "23503", -ENOENT },
		{ "25006", -EROFS },     { "42501", -EACCES },    { "53100", -ENOSPC },
		{ "57014", -ETIMEDOUT }, { "55P03", -ETIMEDOUT }, { "40", -EAGAIN },
		{ "53", -EBUSY },        { "54", -E2BIG },        { "57", -EIO },
		{ "58", -EIO },          { "XX001", -EUCLEAN },   { "XX002", -EUCLEAN },
		{ "08", -EIO },
	};

	for (size_t i = 0; state && i < ARRAY_LEN(table); i++)
		if (strncmp(state, table[i].state, strlen(table[i].state)) == 0)
			return table[i].code;
	return -EINVAL;
}

int postgresql_result_error(const PGresult *result, struct error *err)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	return postgresql_error(err, errno_of(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
				"PostgreSQL", text ? text : PQresultErrorMessage(result));
}

int postgresql_lost(struct database *db, struct error *err)
{
	db->standing = STANDING_GONE;
	return postgresql_error(err, -EIO, "the connection to PostgreSQL is lost",
				PQerrorMessage(db->conn));
}

/* Waits until there is something to read, and meanwhile sends what is queued. */
static int wait_for_input(struct database *db, uint64_t deadline_ns, struct error *err)
{
	struct pollfd poll_fd = { .fd = PQsocket(db->conn), .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();
	int unsent = PQflush(db->conn);
	int n;

	if (unsent < 0)
		return postgresql_lost(db, err);
	if (now_ns >= deadline_ns) {
		db->standing = STANDING_GONE;
		return error_set(err, -EIO, "PostgreSQL does not answer");
	}
	if (unsent > 0)
		poll_fd.events |= POLLOUT;
	n = poll(&poll_fd, 1, (int)((deadline_ns - now_ns) / NS_PER_MS + 1));
	if (n > 0 && (poll_fd.revents & ~POLLOUT) && !PQconsumeInput(db->conn))
		return postgresql_lost(db, err);
	return 0;
}

int postgresql_next(struct database *db, uint64_t deadline_ns, PGresult **result_out,
		    struct error *err)
{
	if (PQflush(db->conn) < 0)
		return postgresql_lost(db, err);
	while (PQisBusy(db->conn)) {
		int r = wait_for_input(db, deadline_ns, err);

		if (r < 0)
			return r;
	}
	*result_out = PQgetResult(db->conn);
	return 0;
}

int postgresql_result(struct database *db, uint64_t deadline_ns, PGresult **result_out,
		      struct error *err)
{
	PGresult *end = NULL;
	CLEANUP(result) PGresult *result = NULL;
	int r = postgresql_next(db, deadline_ns, &result, err);

	if (r < 0)
		return r;
	if (!result)
		return postgresql_lost(db, err);
	r = postgresql_next(db, deadline_ns, &end, err);
	if (r < 0)
		return r;
	if (end) {
		PQclear(end);
		return postgresql_lost(db, err);
	}
	*result_out = TAKE(result);
	return 0;
}

int postgresql_end(struct database *db, uint64_t deadline_ns, struct error *err)
{
	CLEANUP(result) PGresult *result = NULL;
	int r = postgresql_next(db, deadline_ns, &result, err);

	if (r < 0)
		return r;
	return PQresultStatus(result) == PGRES_PIPELINE_SYNC ? 0 : postgresql_lost(db, err);
}

int postgresql_owe(struct database *db, const char *sql, struct error *err)
{
	if (!PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0))
		return postgresql_lost(db, err);
	db->n_owed++;
	return 0;
}

/* BEGIN, RELEASE and the like fail only where nothing is as we think. */
int postgresql_flush(struct database *db, uint64_t deadline_ns, struct error *err)
{
	if (!PQpipelineSync(db->conn))
		return postgresql_lost(db, err);
	while (db->n_owed > 0) {
		CLEANUP(result) PGresult *result = NULL;
		int r = postgresql_result(db, deadline_ns, &result, err);

		if (r < 0)
			return r;
		db->n_owed--;
		if (PQresultStatus(result) == PGRES_COMMAND_OK ||
		    PQresultStatus(result) == PGRES_TUPLES_OK)
			continue;
		(void)postgresql_result_error(result, err);
		db->standing = STANDING_GONE;
		return err->code = -EIO;
	}
	return 0;
}
