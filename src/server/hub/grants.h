/* Which standing grant seems to cover a call. Its host decides. */
#pragma once

#include "identity/grant.h"
#include "server/store/store.h"

/* {org, tool, now in ns}: the tool's grants, newest first. */
extern const char grants_sql[];

/* The id of the first of them that covers the call (borrowed of the rows), or NULL. */
const char *grants_find(const struct store_rows *rows, const struct grant_call *call);
