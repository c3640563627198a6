/* What a report offers to people: read by those who started its investigator. */
#pragma once

#include "base/json.h"

/*
 * The first remedy of a report that can be offered, which is one of a proven cause with a call that
 * changes its host: {"cause_id", "statement", "undo", "call", "verify"}, as a start has it. NULL:
 * there is none. A new reference.
 */
json_t *remedy_of(const json_t *report);
