/*
 * Charts of one line: a bar for a share, a sparkline for a history. Block
 * characters where the terminal has UTF-8, plain ASCII elsewhere.
 */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

/* Filled to 'percent' (cut to 0..100), always 'cells' wide. */
void chart_bar(struct page *page, enum style style, double percent, unsigned cells);

/* Green, yellow from 75, red from 90: for shares of something that runs out. */
enum style chart_style(double percent);

/*
 * The numbers of an array from zero to its maximum; of a longer one than 'cells'
 * each cell shows the greatest of its share. False, and nothing added, unless
 * there are two numbers at least and nothing but numbers.
 */
bool chart_spark(struct page *page, const json_t *numbers, unsigned cells);
