#include "server/store/database/migrate_internal.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"

static const char create_table[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
				   "number BIGINT NOT NULL PRIMARY KEY,"
				   "name TEXT NOT NULL,"
				   "applied BIGINT NOT NULL)";

static int apply(const struct driver *driver, struct database *db,
		 const struct migration *migration, struct error *err)
{
	CLEANUP(buf) struct buf note = { 0 };
	int r = driver->execute(db, migration->sql, err);

	buf_init(&note, KIB);
	buf_add_format(&note,
		       "INSERT INTO schema_migrations VALUES (%" PRId64 ", '%s', %" PRIu64 ")",
		       migration->number, migration->name, clock_wall_ns());
	if (r == 0)
		r = driver->execute(db, buf_text(&note), err);
	return r < 0 ? error_wrap(err, "migration %" PRId64 " (%s)", migration->number,
				  migration->name)
		     : 0;
}

static int bring_up(const struct driver *driver, struct database *db, const struct migration *table,
		    struct error *err)
{
	int64_t version = 0, last = 0;
	int r = driver->execute(db, create_table, err);

	if (r == 0)
		r = driver->version(db, &version, err);
	if (r < 0)
		return r;
	for (; table[last].number; last++)
		;
	if (version > last)
		return error_set(err, -EPROTO,
				 "the database has schema %" PRId64 ", made by a newer version; "
				 "this one knows schemas up to %" PRId64,
				 version, last);
	if (version == last)
		return 0;
	for (; r == 0 && version < last; version++)
		r = apply(driver, db, &table[version], err);
	return r < 0 ? r : driver->complete(db, err);
}

int migrate(const struct driver *driver, struct database *db, const struct migration *table,
	    struct error *err)
{
	int r = driver->begin_migration(db, err);

	if (r == 0)
		r = bring_up(driver, db, table, err);
	if (r == 0)
		r = driver->commit(db, err);
	if (r < 0)
		driver->rollback(db);
	return r;
}
