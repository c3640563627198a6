/* A key of 32 random bytes in a file of a folder that only we can read. */
#pragma once

#include "base/error.h"

#define SECRET_BYTES 32

/* Loads it, or makes it: a crash never leaves half of one. The file must be ours alone. */
int secret_load(int dir_fd, const char *name, unsigned char secret[SECRET_BYTES],
		struct error *err) MUST_CHECK;
