#include "investigation/trace_summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"

#define SUMMARY_MAX_BYTES 1024
#define SHOWN 3
#define VALUE_BYTES 80

static void add_value(struct buf *text, const json_t *value)
{
	const char *words = json_string_value(value);

	if (json_is_integer(value))
		buf_add_format(text, "%" PRId64, (int64_t)json_integer_value(value));
	else if (json_is_array(value)) /* a stack: where it began */
		add_value(text, json_array_get(value, 0));
	else
		buf_add_format(text, "%.*s", VALUE_BYTES, words ? words : "-");
}

static void add_key(struct buf *text, const json_t *result, const json_t *key)
{
	const json_t *column;
	size_t i;

	json_array_foreach(json_object_get(result, "columns"), i, column)
	{
		const char *name = json_string_value(column);

		if (!name)
			continue;
		buf_add_format(text, "%s%.64s ", i ? ", " : "", name);
		add_value(text, json_object_get(key, name));
	}
}

/* Microseconds. */
static void add_time(struct buf *text, double us)
{
	if (us < 1000)
		buf_add_format(text, "%.1f us", us);
	else if (us < 1e6)
		buf_add_format(text, "%.1f ms", us / 1000);
	else
		buf_add_format(text, "%.1f s", us / 1e6);
}

static void add_row(struct buf *text, const json_t *result, const json_t *row)
{
	const char *aggregate = json_get_text(result, "aggregate", "");
	double mean = json_get_number(row, "mean", 0);

	buf_add_text(text, "; ");
	add_key(text, result, json_object_get(row, "key"));
	if (!json_object_get(row, "count"))
		return; /* a single event */
	buf_add_format(text, ": %" PRId64, json_get_int(row, "count", 0));
	if (strcmp(aggregate, "latency") == 0) {
		buf_add_text(text, ", ");
		add_time(text, mean);
		buf_add_text(text, " each");
	} else if (json_object_get(row, "mean")) {
		buf_add_format(text, ", %.1f on average", mean);
	}
}

json_t *trace_summary(const json_t *result)
{
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *rows = json_object_get(result, "rows");

	if (!rows)
		rows = json_object_get(result, "events");
	buf_init(&text, SUMMARY_MAX_BYTES);
	buf_add_format(&text, "%.64s: %" PRId64 " events",
		       json_get_text(result, "preset", "a trace"),
		       json_get_int(result, "n_events", 0));
	for (size_t i = 0; i < json_array_size(rows) && i < SHOWN; i++)
		add_row(&text, result, json_array_get(rows, i));
	return json_text(buf_text(&text), text.len);
}
