/* POST /api/v1/calls: one call for each agent that is meant. */
#pragma once

struct exchange;

void serve_submit(struct exchange *exchange);
