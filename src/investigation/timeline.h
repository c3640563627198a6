/* The timeline: what the evidence says happened when, oldest first. */
#pragma once

#include "investigation/investigation.h"

/* [{"seconds_ago", "text", "evidence"}]: from findings that hold and carry a time. */
json_t *timeline_new(const struct investigation *investigation, const struct hypothesis *ranked,
		     size_t n);
