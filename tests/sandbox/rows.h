/*
 * The table of the mutation run. A line is
 *
 *	PROFILE WITHOUT: ATTEMPT ATTEMPT ...
 *
 * where WITHOUT is "nothing", or walls and kernel features joined by '+'. Lines
 * that begin with '#' and empty ones are skipped.
 */
#pragma once

#include "base/error.h"
#include "call/sandbox/profile.h"

struct row {
	enum sandbox_profile profile;
	uint32_t walls_off, features_off;
	char without[128];
	char *expected; /* " NAME NAME", heap */
};

struct rows {
	struct row rows[128];
	unsigned n;
};

int rows_load(struct rows *rows, const char *path, struct error *err) MUST_CHECK;
void rows_cleanup(struct rows *rows);
