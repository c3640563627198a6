#include "cli/trace_table.h"

#include <string.h>

#include "base/duration.h"
#include "cli/terminal/chart.h"

#define BAR_CELLS 32
#define SHOWN_ROWS 20
#define SHOWN_EVENTS 40
#define SHOWN_FRAMES 16
#define NUMBER_COLUMNS 10
#define STACK_COLUMN 13

/* --- values --------------------------------------------------------------------------- */

static void add_value(struct page *page, enum style style, const json_t *value)
{
	if (json_is_string(value))
		page_add(page, style, "%s", json_string_value(value));
	else if (json_is_integer(value))
		page_add(page, style, "%lld", (long long)json_integer_value(value));
	else if (!json_is_array(value)) /* a stack has lines of its own */
		page_add(page, STYLE_FAINT, "-");
}

static bool is_latency(const json_t *result)
{
	return strcmp(json_get_text(result, "aggregate", ""), "latency") == 0;
}

/* Microseconds, or a plain number. */
static void add_measure(struct page *page, const json_t *result, double value)
{
	char text[DURATION_TEXT_BYTES + 8];

	if (!is_latency(result))
		text_format(text, sizeof(text), "%.6g", value);
	else if (value < 1000)
		text_format(text, sizeof(text), "%.4g us", value);
	else if (value < 1e6)
		text_format(text, sizeof(text), "%.4g ms", value / 1000);
	else
		text_format(text, sizeof(text), "%.4g s", value / 1e6);
	page_add(page, STYLE_PLAIN, "%*s", NUMBER_COLUMNS, text);
}

/* --- parts ---------------------------------------------------------------------------- */

static void print_head(const json_t *result, struct page *page)
{
	const json_t *probe;
	size_t i;

	page_add(page, STYLE_STRONG, "%s", json_get_text(result, "preset", "trace"));
	page_add(page, STYLE_FAINT, "  %lld events in %.1f s",
		 (long long)json_get_int(result, "n_events", 0),
		 json_get_number(result, "duration_ms", 0) / 1000);
	json_array_foreach(json_object_get(result, "probes"), i, probe)
	{
		page_add(page, STYLE_FAINT, "%s%s (%s)", i ? ", " : "  ",
			 json_get_text(probe, "target", ""), json_get_text(probe, "ran", ""));
	}
	page_end(page);
	if (json_get_text(result, "instead_of", "")[0]) {
		page_flow_format(page, STYLE_WARN, 2, "Less exact, since %s",
				 json_get_text(result, "instead_of", ""));
		page_end(page);
	}
}

static void print_lost(const json_t *result, struct page *page)
{
	static const char *const what[][2] = {
		{ "lost", "events" },
		{ "lost_keys", "events of further keys" },
		{ "lost_starts", "beginnings" },
		{ "lost_stacks", "stacks" },
	};

	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		int64_t n = json_get_int(result, what[i][0], 0);

		if (!n)
			continue;
		page_add(page, STYLE_WARN,
			 "%lld %s were lost; narrow the trace, or raise its limits", (long long)n,
			 what[i][1]);
		page_end(page);
	}
}

static double most(const json_t *list)
{
	const json_t *item;
	double max = 0;
	size_t i;

	json_array_foreach(list, i, item)
	{
		double n = json_get_number(item, "count", 0);

		max = n > max ? n : max;
	}
	return max;
}

static const char *title_of(const json_t *result)
{
	if (is_latency(result))
		return "How long";
	return strcmp(json_get_text(result, "aggregate", ""), "depth") == 0 ? "How many under way"
									    : "How much";
}

static void print_histogram(const json_t *result, struct page *page)
{
	const json_t *list = json_object_get(result, "histogram"), *slot;
	double max = most(list);
	size_t i;

	if (max <= 0)
		return;
	page_title(page, title_of(result));
	json_array_foreach(list, i, slot)
	{
		double n = json_get_number(slot, "count", 0);

		page_add(page, STYLE_FAINT, "under ");
		add_measure(page, result, json_get_number(slot, "below", 0));
		page_add(page, STYLE_PLAIN, " %8.0f ", n);
		chart_bar(page, STYLE_NAME, 100 * n / max, BAR_CELLS);
		page_end(page);
	}
}

static void add_key(const json_t *result, const json_t *key, struct page *page)
{
	const json_t *column;
	size_t i;

	json_array_foreach(json_object_get(result, "columns"), i, column)
	{
		page_add(page, STYLE_PLAIN, "  ");
		add_value(page, i ? STYLE_PLAIN : STYLE_NAME,
			  json_object_get(key, json_string_value(column)));
	}
}

/* Who called whom, the innermost first. */
static void print_stacks(const json_t *result, const json_t *key, struct page *page)
{
	const json_t *column, *frame;
	size_t i, k;

	json_array_foreach(json_object_get(result, "columns"), i, column)
	{
		const json_t *stack = json_object_get(key, json_string_value(column));

		json_array_foreach(stack, k, frame)
		{
			if (k == SHOWN_FRAMES)
				break;
			page_to(page, STACK_COLUMN);
			page_add(page, STYLE_FAINT, "%s", json_string_value(frame));
			page_end(page);
		}
	}
}

static void print_rows(const json_t *result, struct page *page)
{
	const json_t *list = json_object_get(result, "rows"), *row;
	bool has_sum = json_object_get(json_array_get(list, 0), "sum") != NULL;
	size_t i;

	if (!json_array_size(list))
		return;
	page_title(page, has_sum ? "     count       mean      total" : "     count");
	json_array_foreach(list, i, row)
	{
		if (i == SHOWN_ROWS)
			break;
		page_add(page, STYLE_STRONG, "%*lld", NUMBER_COLUMNS,
			 (long long)json_get_int(row, "count", 0));
		if (has_sum) {
			page_add(page, STYLE_PLAIN, " ");
			add_measure(page, result, json_get_number(row, "mean", 0));
			page_add(page, STYLE_PLAIN, " ");
			add_measure(page, result, json_get_number(row, "sum", 0));
		}
		add_key(result, json_object_get(row, "key"), page);
		page_end(page);
		print_stacks(result, json_object_get(row, "key"), page);
	}
	if (json_get_int(result, "n_keys", 0) > SHOWN_ROWS) {
		page_add(page, STYLE_FAINT, "and %lld more; --json has them",
			 (long long)json_get_int(result, "n_keys", 0) - SHOWN_ROWS);
		page_end(page);
	}
}

static void print_events(const json_t *result, struct page *page)
{
	const json_t *list = json_object_get(result, "events"), *event;
	size_t i;

	json_array_foreach(list, i, event)
	{
		if (i == SHOWN_EVENTS)
			break;
		page_add(page, STYLE_FAINT, "%10.1f ms", json_get_number(event, "at_ms", 0));
		add_key(result, json_object_get(event, "key"), page);
		if (json_object_get(event, "value")) {
			page_add(page, STYLE_PLAIN, "  ");
			add_value(page, STYLE_STRONG, json_object_get(event, "value"));
		}
		page_end(page);
		print_stacks(result, json_object_get(event, "key"), page);
	}
	if (json_array_size(list) > SHOWN_EVENTS) {
		page_add(page, STYLE_FAINT, "and %zu more; --json has them",
			 json_array_size(list) - SHOWN_EVENTS);
		page_end(page);
	}
}

void trace_table_print(const json_t *result, struct page *page)
{
	print_head(result, page);
	print_histogram(result, page);
	print_rows(result, page);
	print_events(result, page);
	print_lost(result, page);
}
