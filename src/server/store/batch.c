#include "server/store/batch.h"

#include <assert.h>
#include <string.h>

struct store_value store_null(void)
{
	return (struct store_value) { .kind = STORE_NULL };
}

struct store_value store_int(int64_t integer)
{
	return (struct store_value) { .kind = STORE_INT, .integer = integer };
}

struct store_value store_str(struct str text)
{
	return (struct store_value) { .kind = STORE_TEXT, .text = text };
}

struct store_value store_text(const char *text)
{
	return text ? store_str((struct str) { text, strlen(text) }) : store_null();
}

const struct store_value *store_at(const struct store_rows *rows, unsigned row, unsigned column)
{
	assert(row < rows->n_rows && column < rows->n_columns);
	return &rows->values[(size_t)row * rows->n_columns + column];
}

const char *store_text_at(const struct store_rows *rows, unsigned row, unsigned column)
{
	const struct store_value *value = store_at(rows, row, column);

	return value->kind == STORE_TEXT ? value->text.data : "";
}

int64_t store_int_at(const struct store_rows *rows, unsigned row, unsigned column)
{
	const struct store_value *value = store_at(rows, row, column);

	return value->kind == STORE_INT ? value->integer : 0;
}
