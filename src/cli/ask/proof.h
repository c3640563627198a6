/* The proof in a report: claims, the quotes that carry them, and their charts. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

/* Each claim of an array with its evidence, tool and quote. */
void proof_print(const json_t *report, const json_t *claims, struct page *page);

/* Charts of what has a history in the evidence that these claims cite; nothing if none has. */
void proof_print_charts(const json_t *bundle, const json_t *claims, struct page *page);
