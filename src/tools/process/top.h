/* The processes that use most of a resource: lists that several tools end with. */
#pragma once

#include "host/process.h"

#define TOP_MAX 5

/* [{pid, comm, cpu_percent}], those that used any; percent of one processor. */
json_t *top_by_cpu(const struct process_table *before, const struct process_table *after,
		   uint64_t elapsed_ns);

/* [{pid, comm, rss_bytes}]. */
json_t *top_by_memory(const struct process_table *table);
