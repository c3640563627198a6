/* What an investigation looks like to the exporter: its rows, as a case. */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define EXPORT_STEPS 3

/* The statements, for a batch; 'values' and 'steps' live until it was submitted. */
void export_steps(const char *org, const char *investigation, struct store_value values[2],
		  struct store_step steps[EXPORT_STEPS]);

/* A case as otlp_trace() takes it, a new reference; NULL if there is no such investigation. */
json_t *export_case(const struct store_result *result);
