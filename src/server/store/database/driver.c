#include "server/store/database/driver_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

const struct driver *driver_find(const char *where)
{
	if (starts_with(where, "postgresql://") || starts_with(where, "postgres://"))
		return &driver_postgresql;
	return &driver_sqlite;
}

int driver_expect(const struct store_step *step, int64_t n_rows, struct error *err)
{
	if (step->expect == STORE_SOME && n_rows == 0)
		return error_set(err, -ENOENT, "no row where one was expected");
	if (step->expect == STORE_NONE && n_rows > 0)
		return error_set(err, -EEXIST, "%" PRId64 " rows where none was expected", n_rows);
	return 0;
}

int driver_check_size(const struct wire_writer *writer, unsigned n_rows, struct error *err)
{
	if (n_rows > STORE_MAX_ROWS)
		return error_set(err, -E2BIG, "more than %d rows", STORE_MAX_ROWS);
	if (wire_result_bytes(writer) > STORE_MAX_BATCH_BYTES)
		return error_set(err, -E2BIG, "more than %zu bytes of rows", STORE_MAX_BATCH_BYTES);
	return 0;
}
