#include "server/store/database/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define PAGES_AT_ONCE 1024 /* some 4 MiB between two groups of batches */

/* Nobody else knows the copy, so it needs no locks: behind our walls there are none. */
static const char copy_settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
				    "PRAGMA synchronous = OFF;"
				    "PRAGMA journal_mode = OFF;";

static int open_copy(struct database *db, struct error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int code;

	if (unlink(db->partial) < 0 && errno != ENOENT)
		return error_errno(err, "remove '%s'", db->partial);
	code = sqlite3_open_v2(db->partial, &db->copy, flags, "unix-none");
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->copy, copy_settings, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : sqlite_error(db->copy, code, err, db->partial);
}

int sqlite_start_backup(struct database *db, const char *path, struct error *err)
{
	int r;

	if (db->path)
		return error_set(err, -EBUSY, "a backup is being made already");
	if (path[0] != '/')
		return error_set(err, -EINVAL, "'%s' is not an absolute path", path);
	db->path = strdup(path);
	if (!db->path || asprintf(&db->partial, "%s.partial", path) < 0)
		abort();
	r = open_copy(db, err);
	if (r == 0) {
		db->backup = sqlite3_backup_init(db->copy, "main", db->handle, "main");
		if (!db->backup)
			r = sqlite_error(db->copy, sqlite3_extended_errcode(db->copy), err, path);
	}
	if (r < 0)
		sqlite_end_backup(db);
	return r;
}

static int check_copy(struct database *db, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->copy, "PRAGMA integrity_check(1)", -1, &statement, NULL);
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code != SQLITE_ROW)
		r = sqlite_error(db->copy, code, err, "check the copy");
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
		r = error_set(err, -EUCLEAN, "check the copy: %s",
			      sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	return r;
}

static int sync_path(const char *path, int flags, struct error *err)
{
	CLEANUP(fd) int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(err, "sync '%s'", path);
	return 0;
}

static int publish(struct database *db, struct error *err)
{
	CLEANUP(text) char *folder = strdup(db->path);
	int r;

	if (!folder)
		abort();
	r = sync_path(db->partial, O_RDWR, err);
	if (r < 0)
		return r;
	if (rename(db->partial, db->path) < 0)
		return error_errno(err, "rename to '%s'", db->path);
	return sync_path(dirname(folder), O_RDONLY | O_DIRECTORY, err);
}

static int finish(struct database *db, struct error *err)
{
	int r;

	(void)sqlite3_backup_finish(db->backup); /* repeats what step said */
	db->backup = NULL;
	r = check_copy(db, err);
	if (r == 0 && sqlite3_close(db->copy) == SQLITE_OK)
		db->copy = NULL;
	if (r == 0)
		r = publish(db, err);
	return r < 0 ? r : 1;
}

int sqlite_step_backup(struct database *db, struct error *err)
{
	int code = sqlite3_backup_step(db->backup, PAGES_AT_ONCE);
	int r = 0;

	if (code == SQLITE_DONE)
		r = finish(db, err);
	else if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
		r = sqlite_error(db->copy, code, err, "copy");
	if (r != 0)
		sqlite_end_backup(db);
	return r;
}

void sqlite_end_backup(struct database *db)
{
	(void)sqlite3_backup_finish(db->backup);
	(void)sqlite3_close(db->copy);
	if (db->partial)
		(void)unlink(db->partial); /* gone already where it was renamed */
	free(db->path);
	free(db->partial);
	db->path = db->partial = NULL;
	db->copy = NULL;
	db->backup = NULL;
}
