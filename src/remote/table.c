#include "remote/table.h"

#include <string.h>

#define CELL_BYTES 256
#define CELL_MAX_COLUMNS 44

static void add_labels(const json_t *labels, char cell[CELL_BYTES])
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)labels, key, value)
	{
		size_t len = strlen(cell);

		text_format(cell + len, CELL_BYTES - len, "%s%s=%s", len ? " " : "", key,
			    json_is_string(value) ? json_string_value(value) : "");
	}
}

static void add_items(const json_t *items, char cell[CELL_BYTES])
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		size_t len = strlen(cell);

		if (json_is_string(item))
			text_format(cell + len, CELL_BYTES - len, "%s%s", len ? " " : "",
				    json_string_value(item));
	}
}

static void format_cell(const json_t *value, char cell[CELL_BYTES])
{
	*cell = '\0';
	if (json_is_string(value))
		text_format(cell, CELL_BYTES, "%s", json_string_value(value));
	else if (json_is_integer(value))
		text_format(cell, CELL_BYTES, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		text_format(cell, CELL_BYTES, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_object(value))
		add_labels(value, cell);
	else if (json_is_array(value))
		add_items(value, cell);
}

static unsigned widest(const json_t *list, const struct table_column *column)
{
	size_t width = strlen(column->title);
	const json_t *item;
	char cell[CELL_BYTES];
	size_t i;

	json_array_foreach(list, i, item)
	{
		format_cell(json_object_get(item, column->member), cell);
		if (strlen(cell) > width)
			width = strlen(cell);
	}
	return width > CELL_MAX_COLUMNS ? CELL_MAX_COLUMNS : (unsigned)width;
}

static enum style cell_style(const char *cell)
{
	static const struct {
		const char *word;
		enum style style;
	} words[] = {
		{ "connected", STYLE_GOOD },  { "healthy", STYLE_GOOD },
		{ "done", STYLE_GOOD },       { "stale", STYLE_WARN },
		{ "queued", STYLE_WARN },     { "waiting_approval", STYLE_WARN },
		{ "revoked", STYLE_BAD },     { "failed", STYLE_BAD },
		{ "interrupted", STYLE_BAD }, { "denied", STYLE_BAD },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, cell) == 0)
			return words[i].style;
	return STYLE_PLAIN;
}

void table_print(struct page *page, const json_t *list, const struct table_column *columns,
		 const char *empty)
{
	unsigned at[TABLE_MAX_COLUMNS + 1] = { 0 };
	const json_t *item;
	char cell[CELL_BYTES];
	size_t i;

	if (!json_array_size(list)) {
		page_add(page, STYLE_FAINT, "%s", empty);
		page_end(page);
		return;
	}
	for (size_t k = 0; columns[k].title; k++) {
		at[k + 1] = at[k] + widest(list, &columns[k]) + 2;
		page_to(page, at[k]);
		page_add(page, STYLE_FAINT, "%s", columns[k].title);
	}
	page_end(page);
	json_array_foreach(list, i, item)
	{
		for (size_t k = 0; columns[k].title; k++) {
			format_cell(json_object_get(item, columns[k].member), cell);
			page_to(page, at[k]);
			page_add(page, k ? cell_style(cell) : STYLE_NAME, "%s", *cell ? cell : "-");
		}
		page_end(page);
	}
}

void table_print_one(struct page *page, const json_t *object, const struct table_column *columns)
{
	char cell[CELL_BYTES];

	for (; columns->title; columns++) {
		format_cell(json_object_get(object, columns->member), cell);
		if (!*cell)
			continue;
		page_add(page, STYLE_STRONG, "%s", columns->title);
		page_to(page, 16);
		page_flow(page, cell_style(cell), 16, cell);
		page_end(page);
	}
}
