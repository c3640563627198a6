/*
 * What this user keeps about servers: credentials.json, the key that signs approvals, roots.
 * In $XDG_CONFIG_HOME/constable (or ~/.config/constable); where CONSTABLE_CREDENTIALS names
 * the file of credentials, beside that.
 */
#pragma once

#include "base/error.h"

#define OWN_PATH_BYTES 1024
#define OWN_CREDENTIALS "credentials.json"

/* The path of a file there. -ENOENT for a user without a home. */
int own_folder_path(const char *name, char path_out[OWN_PATH_BYTES], struct error *err) MUST_CHECK;

/* Makes the folders above 'path', private to us. */
int own_folder_make(const char *path, struct error *err) MUST_CHECK;
