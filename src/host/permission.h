/*
 * May this account open that path? Computed from owner and mode bits along the
 * whole path, symlinks followed, without becoming the account; so the answer
 * names the component that denies. Access control lists are not read: where a
 * component has one, 'has_acl' is set and a denial is only likely.
 *
 * A fixture tells owners and modes in ".host/stat.json": {"/path": {"mode":
 * "0755", "uid": 0, "gid": 0, "mtime": 0}}; what is not there is 0755 or as it lies, root's, of
 * 1970.
 */
#pragma once

#include <sys/stat.h>

#include "host/account.h"

#define PERMISSION_PATH_BYTES 4096

struct permission {
	int code;                              /* 0, -EACCES, -ENOENT, -ELOOP, -ENOTDIR, -EIO ... */
	char component[PERMISSION_PATH_BYTES]; /* the component it ends at; "" if granted */
	bool has_acl;
	struct stat stat; /* of that component, or of the file if granted */
};

/* 'wanted' is R_OK, W_OK, X_OK or a sum; root is always granted what exists. */
void permission_check(const struct host *host, const struct account *account, const char *path,
		      int wanted, struct permission *permission_out);

/* As fstatat(2) below the host's root; a fixture's owners and modes as recorded. */
int host_stat(const struct host *host, const char *path, struct stat *stat_out) MUST_CHECK;
int host_lstat(const struct host *host, const char *path, struct stat *stat_out) MUST_CHECK;

/* "/srv/www: drwx------ root:root" for people. */
void permission_describe(const struct host *host, const struct permission *permission, char *text,
			 size_t size);
