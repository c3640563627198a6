/* POST /api/v1/pipelines/test: where an alert would go now. */
#pragma once

#include "server/api/exchange.h"

void dry_run_post(struct exchange *exchange);

/* Whether investigations can have the engine, as far as that is known. */
bool dry_run_knows_engine(const struct exchange *exchange, const char *engine);
