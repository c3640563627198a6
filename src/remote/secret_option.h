/*
 * A secret that a command is given: from a file, standard input, a variable, or,
 * where documents say so, an argument, which is wiped from the process list at once.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define SECRET_MAX_BYTES 4096

struct secret_option {
	char *argument;       /* of argv, or NULL; overwritten */
	const char *file;     /* "-": standard input; or NULL */
	const char *variable; /* or NULL */
};

/* The first of these that is given, without blanks around it; "" if none is. For
 * CLEANUP(secret_buf). */
int secret_read(const struct secret_option *option, struct buf *secret_out,
		struct error *err) MUST_CHECK;
