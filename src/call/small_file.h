/* Small files of a folder that only we can read, replaced whole: a crash never leaves half of one.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* On disk when it returns 0. */
int small_file_save(int dir_fd, const char *name, const void *data, size_t len,
		    struct error *err) MUST_CHECK;

/* Appends it to 'out'. -ENOENT, -E2BIG beyond the ceiling, -EPERM for one that is not ours alone.
 */
int small_file_load(int dir_fd, const char *name, struct buf *out, struct error *err) MUST_CHECK;
