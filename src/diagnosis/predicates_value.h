/* Between jansson and jq: the same values, without a text in between. */
#pragma once

#include <jq.h>

#include "base/json.h"

/* Numbers beyond 2^53 lose their last digits, as everywhere in jq. */
jv value_to_jq(const json_t *json);

/* Takes 'value' over; what JSON cannot hold becomes null. */
json_t *value_from_jq(jv value);
