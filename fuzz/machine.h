/*
 * A fixture machine whose files libFuzzer writes: for decoders that take their
 * bytes from a machine. It lies in memory and is gone when the process ends.
 */
#pragma once

#include "host/host.h"

/* Between the contents of two files in an input. */
#define MACHINE_SEPARATOR "\n--\n"

/*
 * Fills the files of 'paths' (relative, NULL-terminated) with the parts of the
 * input, in their order; those without a part are empty. Borrowed, valid until
 * the next call.
 */
struct host *machine_fill(const char *const *paths, const uint8_t *data, size_t size);
