/* Rows of the store as JSON, and times as the API writes them. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "server/api/exchange.h"

static json_t *time_of(int64_t ns)
{
	char text[CLOCK_TEXT_BYTES];

	return json_string(clock_format((uint64_t)ns, text));
}

static json_t *parse(const struct str text)
{
	json_t *json = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);

	return json ? json : json_null();
}

static json_t *value_of(const struct store_value *value, enum column_kind kind)
{
	if (value->kind == STORE_NULL)
		return kind == COLUMN_FLAG ? json_false() : json_null();
	switch (kind) {
	case COLUMN_TEXT:
		return json_str(value->text);
	case COLUMN_JSON:
		return parse(value->text);
	case COLUMN_INT:
		return json_integer(value->integer);
	case COLUMN_TIME:
		return time_of(value->integer);
	case COLUMN_FLAG:
		return json_boolean(value->integer != 0);
	}
	return json_null();
}

json_t *exchange_row(const struct store_rows *rows, unsigned row, const struct column *columns)
{
	json_t *object = json_object();

	for (unsigned i = 0; columns[i].name; i++)
		json_put(object, columns[i].name,
			 value_of(store_at(rows, row, i), columns[i].kind));
	return object;
}

json_t *exchange_rows(const struct store_rows *rows, const char *name, const struct column *columns)
{
	json_t *list = json_array();
	json_t *object = json_object();

	for (unsigned i = 0; i < rows->n_rows; i++)
		json_push(list, exchange_row(rows, i, columns));
	json_put(object, name, list);
	return object;
}
