/*
 * A backup is two files: FILE, a copy of the database, and FILE.keys, everything else
 * that cannot be made again: the authorities and the server's own keys.
 *
 * FILE.keys is JSON, {"format": 1, "files": {"ca/server.key": TEXT, ...}}, mode 0600. With
 * PostgreSQL there is only FILE.keys: its database is saved with pg_dump.
 */
#pragma once

#include "base/json.h"

#define BACKUP_MAX_FILES 16384
#define BACKUP_MAX_BYTES (256 * MIB)

/* What FILE.keys holds, of a state folder; NULL with 'err'. */
json_t *backup_collect_keys(const char *state, struct error *err);

/* Writes it to FILE.keys, which belongs to whom FILE belongs to. */
int backup_save_keys(const json_t *document, const char *file, struct error *err) MUST_CHECK;

/*
 * Fills an empty state folder (which is made) from both files; -ENOTEMPTY for one that has a
 * database or authorities.
 */
int backup_restore(const char *state, const char *file, struct error *err) MUST_CHECK;
