/* A piece of evidence, whole: what was asked, when, and every member of the answer. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

/* False, and nothing printed, if the case has no evidence of that id. */
bool evidence_print(const json_t *bundle, const char *id, struct page *page);

/* The evidence of that id in a case, or NULL. */
const json_t *evidence_find(const json_t *bundle, const char *id);
