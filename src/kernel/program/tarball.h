/*
 * The archive of an artifact: a reproducible tar.zst of plain files, without folders.
 *
 * Reading is for bytes whose signature was verified, and in a process of its own; even then it
 * takes nothing but what packing makes: at most TARBALL_MAX_FILES regular files whose names are
 * letters, digits, '.', '-' and '_', at most TARBALL_MAX_BYTES of them, and no more than
 * TARBALL_MAX_RATIO times what they came as.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define TARBALL_MAX_FILES 32
#define TARBALL_MAX_BYTES (32 * MIB)
#define TARBALL_MAX_RATIO 100 /* beyond the first MiB */
#define TARBALL_NAME_BYTES 64

struct tarball_file {
	char name[TARBALL_NAME_BYTES];
	char *data; /* NUL-terminated for convenience; not part of 'len' */
	size_t len;
};

struct tarball_files {
	struct tarball_file at[TARBALL_MAX_FILES];
	size_t n;
};

void tarball_files_finish(struct tarball_files *files);
void tarball_files_cleanup(struct tarball_files *files);

bool tarball_is_name(const char *name);

/* NULL where there is none. */
const struct tarball_file *tarball_find(const struct tarball_files *files, const char *name);

/* -EBADMSG, -E2BIG or -EPERM, with a sentence. */
int tarball_unpack(const void *bytes, size_t len, struct tarball_files *files_out,
		   struct error *err) MUST_CHECK;

/* The same files give the same bytes: in the order of their names, of time, user and group 0. */
int tarball_pack(struct tarball_files *files, struct buf *out, struct error *err) MUST_CHECK;
