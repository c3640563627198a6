/*
 * A resource that is one document of a name, taken and given whole: what its routes share. Its
 * table has the columns document, created, changed and changed_by, which are read in this order.
 */
#pragma once

#include "server/api/exchange.h"

/* The document itself, and beside its members who made it when. A new reference. */
json_t *document_row(const struct store_rows *rows, unsigned row);

/* The body's "name" is the path's, also where it has none; false: it was another, and refused. */
bool document_take_name(struct exchange *exchange);

/* For exchange_submit(): it is removed. */
void document_removed(struct exchange *exchange, const struct store_result *result);
