/* The scores of an evaluation as a table for people. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

void table_print_head(struct page *page);
void table_print_score(const json_t *score, struct page *page);
void table_print_total(const json_t *total, struct page *page);
