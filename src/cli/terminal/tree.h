/*
 * Any JSON for people: members below each other, lists of records as tables,
 * units by name (amount.h), bars beside shares, sparklines for rows of numbers.
 */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

#define TREE_MAX_ROWS 24

void tree_print(const json_t *value, unsigned indent, struct page *page);
