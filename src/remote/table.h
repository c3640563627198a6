/* A list of JSON objects as lines with columns, as wide as what stands in them. */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

#define TABLE_MAX_COLUMNS 8

struct table_column {
	const char *title;  /* the table ends with NULL */
	const char *member; /* text, number, or an object of labels */
};

/* 'empty' is said where there is nothing. */
void table_print(struct page *page, const json_t *list, const struct table_column *columns,
		 const char *empty);

/* One object: a line per member that has a value. */
void table_print_one(struct page *page, const json_t *object, const struct table_column *columns);
