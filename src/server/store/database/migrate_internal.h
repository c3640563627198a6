/*
 * Migrations: the files of migrations/, embedded at build time. Each is applied
 * once and in order, all in one transaction; what was applied stands in the table
 * schema_migrations.
 */
#pragma once

#include "server/store/database/driver_internal.h"

struct migration {
	int64_t number; /* from 1; the table ends with 0 */
	const char *name;
	const char *sql;
};

extern const struct migration migrations[];

/*
 * Brings the database to the last of 'table'. -EPROTO, and nothing changed, where it
 * is newer than that.
 */
int migrate(const struct driver *driver, struct database *db, const struct migration *table,
	    struct error *err) MUST_CHECK;
