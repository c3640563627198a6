/*
 * Requests that the warden answers at once, from what it knows: tools, status,
 * verify, approvals, approve; of the spool: spool (the caller's calls), forget.
 */
#pragma once

#include "warden/connection.h"

void query_serve(struct connection *connection, const char *type, const struct frame *frame);
