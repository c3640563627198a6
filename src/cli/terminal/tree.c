#include "cli/terminal/tree.h"

#include <string.h>

#include "cli/terminal/amount.h"
#include "cli/terminal/chart.h"

#define NAME_COLUMNS 26
#define SPARK_CELLS 40
#define BAR_CELLS 20
#define MAX_DEPTH 10
#define MAX_COLUMNS 8
#define CELL_COLUMNS 40

static void print_value(const json_t *value, unsigned indent, unsigned depth, struct page *page);

/* "n_cpus" and "used_percent" read better as words. */
static void add_name(struct page *page, unsigned indent, const char *name)
{
	char words[64];

	text_format(words, sizeof(words), "%s", name);
	for (char *at = words; *at; at++)
		if (*at == '_')
			*at = ' ';
	if (indent)
		page_to(page, indent);
	page_add(page, STYLE_NAME, "%s", words);
}

static void print_scalar(const char *name, const json_t *value, unsigned indent, struct page *page)
{
	char text[AMOUNT_TEXT_BYTES];

	if (json_is_string(value)) {
		page_flow(page, STYLE_PLAIN, indent, json_string_value(value));
	} else {
		page_add(page, STYLE_PLAIN, "%s", amount_format(name, value, text));
		if (json_is_number(value) && amount_has_unit(name, "_percent")) {
			page_add(page, STYLE_PLAIN, "  ");
			chart_bar(page, STYLE_NAME, json_number_value(value), BAR_CELLS);
		}
	}
	page_end(page);
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static bool is_empty(const json_t *value)
{
	return (json_is_array(value) && !json_array_size(value)) ||
	       (json_is_object(value) && !json_object_size(value));
}

/* What people look for first in a row: who it is about, then how it is doing. */
static const char *const first_columns[] = {
	"name",        "unit",         "mount",      "path",
	"device",      "pid",          "comm",       "user",
	"port",        "address",      "state",      "type",
	"count",       "used_percent", "used_bytes", "available_bytes",
	"total_bytes", "cpu_percent",  "rss_bytes",  "inodes_used_percent",
};

static size_t rank_of(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(first_columns) && strcmp(first_columns[i], name) != 0)
		i++;
	return i;
}

/* A column that says no, nothing or zero in every row says nothing. */
static bool says_something(const json_t *records, const char *name)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const json_t *value = json_object_get(record, name);

		if (json_is_true(value) || json_number_value(value) != 0 ||
		    (json_is_string(value) && json_string_length(value)))
			return true;
	}
	return false;
}

/* By rank; of one rank in the order of the record. */
static size_t insert_column(const char *names[MAX_COLUMNS], size_t n, const char *name)
{
	size_t at = n;

	while (at && rank_of(names[at - 1]) > rank_of(name))
		at--;
	if (at == MAX_COLUMNS)
		return n;
	if (n == MAX_COLUMNS)
		n--;
	memmove(&names[at + 1], &names[at], (n - at) * sizeof(names[0]));
	names[at] = name;
	return n + 1;
}

/* Which members of the first record become columns: scalars that say something. */
static size_t choose_columns(const json_t *records, const char *names[MAX_COLUMNS])
{
	const char *name;
	json_t *member;
	size_t n = 0;

	json_object_foreach(json_array_get(records, 0), name, member)
	{
		if (is_scalar(member) && says_something(records, name))
			n = insert_column(names, n, name);
	}
	return n;
}

static unsigned cell_width(const char *name, const json_t *value)
{
	char text[AMOUNT_TEXT_BYTES];
	unsigned columns;

	amount_format(name, value, text);
	columns = escape_columns(text, strlen(text));
	return columns < CELL_COLUMNS ? columns : CELL_COLUMNS;
}

static unsigned column_width(const json_t *records, const char *name)
{
	unsigned width = (unsigned)strlen(name);
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		unsigned cell = cell_width(name, json_object_get(record, name));

		if (i < TREE_MAX_ROWS && cell > width)
			width = cell;
	}
	return width;
}

/* Columns that do not fit the line are left out rather than wrapped. */
static size_t fit_columns(const json_t *records, const char *const *names, size_t n,
			  unsigned indent, const struct page *page, unsigned widths[MAX_COLUMNS])
{
	unsigned used = indent;

	for (size_t i = 0; i < n; i++) {
		widths[i] = column_width(records, names[i]);
		used += widths[i] + 2;
		if (i && used > page->width)
			return i;
	}
	return n;
}

static void print_row(const json_t *record, const char *const *names, const unsigned *widths,
		      size_t n, unsigned indent, struct page *page)
{
	unsigned column = indent;

	for (size_t i = 0; i < n; i++) {
		char text[AMOUNT_TEXT_BYTES];

		page_to(page, column);
		if (record)
			page_add(page, STYLE_PLAIN, "%.40s",
				 amount_format(names[i], json_object_get(record, names[i]), text));
		else
			add_name(page, 0, names[i]);
		column += widths[i] + 2;
	}
	page_end(page);
}

static void print_list(const json_t *list, unsigned indent, struct page *page)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (i == TREE_MAX_ROWS)
			break;
		page_to(page, indent);
		page_add(page, STYLE_FAINT, "- ");
		if (is_scalar(item)) {
			print_scalar("", item, indent + 2, page);
		} else {
			page_end(page);
			print_value(item, indent + 2, MAX_DEPTH - 2, page);
		}
	}
}

static void print_table(const json_t *records, unsigned indent, struct page *page)
{
	const char *names[MAX_COLUMNS];
	unsigned widths[MAX_COLUMNS];
	size_t n = choose_columns(records, names);
	const json_t *record;
	size_t i;

	if (!n) {
		print_list(records, indent, page);
		return;
	}
	n = fit_columns(records, names, n, indent, page, widths);
	print_row(NULL, names, widths, n, indent, page);
	json_array_foreach(records, i, record)
	{
		if (i == TREE_MAX_ROWS)
			break;
		print_row(record, names, widths, n, indent, page);
	}
	if (json_array_size(records) <= TREE_MAX_ROWS)
		return;
	page_to(page, indent);
	page_add(page, STYLE_FAINT, "and %zu more", json_array_size(records) - TREE_MAX_ROWS);
	page_end(page);
}

static void print_member(const char *name, const json_t *value, unsigned indent, unsigned depth,
			 struct page *page)
{
	add_name(page, indent, name);
	if (is_empty(value)) {
		page_to(page, indent + NAME_COLUMNS);
		page_add(page, STYLE_FAINT, "none");
		page_end(page);
	} else if (is_scalar(value)) {
		page_to(page, indent + NAME_COLUMNS);
		print_scalar(name, value, indent + NAME_COLUMNS, page);
	} else if (json_is_number(json_array_get(value, 0))) {
		page_to(page, indent + NAME_COLUMNS);
		(void)chart_spark(page, value, SPARK_CELLS); /* one number has no chart */
		for (size_t i = 0; i < json_array_size(value) && i < TREE_MAX_ROWS; i++)
			page_flow_format(page, STYLE_PLAIN, indent + NAME_COLUMNS, " %g",
					 json_number_value(json_array_get(value, i)));
		page_end(page);
	} else {
		page_end(page);
		print_value(value, indent + 2, depth + 1, page);
	}
}

static void print_value(const json_t *value, unsigned indent, unsigned depth, struct page *page)
{
	const char *name;
	json_t *member;

	if (depth == MAX_DEPTH)
		return;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, name, member)
		{
			print_member(name, member, indent, depth, page);
		}
	} else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
		print_table(value, indent, page);
	} else if (json_is_array(value)) {
		print_list(value, indent, page);
	} else {
		page_to(page, indent);
		print_scalar("", value, indent, page);
	}
}

void tree_print(const json_t *value, unsigned indent, struct page *page)
{
	print_value(value, indent, 0, page);
}
