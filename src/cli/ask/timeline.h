/* What happened when, oldest first; what repeats but for its numbers stands once, with a count. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

/* The timeline of a report; nothing where it is empty. */
void timeline_print(const json_t *timeline, struct page *page);
