/* POST /artifacts: what is signed by a key of the org is kept. */
#pragma once

#include "server/api/exchange.h"

void push_artifact(struct exchange *exchange);
