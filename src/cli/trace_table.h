/* A trace's result (kernel/trace/trace.h) as charts and tables for a person. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

void trace_table_print(const json_t *result, struct page *page);
