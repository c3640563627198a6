/*
 * Files that must survive a crash and stay ours: keys, certificates, pins.
 *
 * Saving writes a new file beside the old one, made with O_EXCL and its final
 * mode, syncs it, renames it over the old one and syncs the folder: whatever
 * happens, the path holds the whole old or the whole new bytes, and after a
 * return of 0 the new ones, even when the power fails. One process saves in a
 * folder at a time (-EBUSY for the other); what a crash left half-written is
 * removed by the next save of the same path.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define FILE_MAX_BYTES (1 * MIB)

/* Mode 0600 whatever the umask. -EEXIST is never an answer: an old file is replaced. */
int file_save_private(const char *path, const void *data, size_t len, struct error *err) MUST_CHECK;

/*
 * As file_save_private(), but not synced: whoever reads it sees the old or the new bytes, also when
 * we are killed at any time; after a cut of the power it may be torn. For what can be made again.
 */
int file_save_fleeting(const char *path, const void *data, size_t len,
		       struct error *err) MUST_CHECK;

/* From here on such a file outlasts a cut of the power, too. */
int file_make_last(const char *path, struct error *err) MUST_CHECK;

/* Mode 0644: what anybody may read and only we may write. */
int file_save_public(const char *path, const void *data, size_t len, struct error *err) MUST_CHECK;

/*
 * Appends the file to 'out'; -E2BIG beyond the ceiling of 'out'. Refused with
 * -EACCES: what is not a regular file of our own user, and what group or others
 * may read or write. -ENOENT where there is none. For secrets use CLEANUP(secret_buf).
 */
int file_load_private(const char *path, struct buf *out, struct error *err) MUST_CHECK;

/* The same for a file that others may read; refused if they could have written it. */
int file_load_public(const char *path, struct buf *out, struct error *err) MUST_CHECK;

/* Overwrites what 'buf' holds and frees it; for buffers of secrets, with CLEANUP(secret_buf). */
void secret_buf_cleanup(struct buf *buf);
