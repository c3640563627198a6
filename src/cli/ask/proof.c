#include "cli/ask/proof.h"

#include <string.h>

#include "cli/terminal/amount.h"
#include "cli/terminal/chart.h"

#define INDENT 6
#define QUOTE_COLUMNS 400
#define BAR_CELLS 20
#define SPARK_CELLS 40
#define MAX_CLAIMS 12
#define MAX_CHARTS 6
#define CHART_DEPTH 6
#define MAX_CUT_MEMBERS 32

enum quote_end {
	QUOTE_WHOLE,
	QUOTE_CUT,
};

static const char *tool_of(const json_t *report, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(report, "evidence"), i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			return json_get_text(item, "tool", "");
	}
	return "";
}

/* Quotes are "key":value as it stands in the evidence; a share among them gets a bar. */
static bool share_in(const char *quote, double *percent_out)
{
	const char *at = strstr(quote, "_percent\":");

	if (!at || quote[0] != '"')
		return false;
	at += strlen("_percent\":");
	return scan_double(&at, percent_out) && *percent_out >= 0 && *percent_out <= 100;
}

/* A record that is quoted whole, as words; the exact bytes stand in the case. */
static void print_record(json_t *record, struct page *page)
{
	const char *name;
	json_t *value;
	bool is_first = true;
	char text[AMOUNT_TEXT_BYTES];

	page_to(page, INDENT);
	json_object_foreach(record, name, value)
	{
		if (!json_is_number(value) && !(json_is_string(value) && json_string_length(value)))
			continue;
		page_flow_format(page, STYLE_FAINT, INDENT, "%s%s %s", is_first ? "" : ", ", name,
				 amount_format(name, value, text));
		if (amount_has_unit(name, "_percent") && json_number_value(value) > 0) {
			page_add(page, STYLE_PLAIN, " ");
			chart_bar(page, chart_style(json_number_value(value)),
				  json_number_value(value), BAR_CELLS / 2);
		}
		is_first = false;
	}
	page_end(page);
}

/* The first 'len' bytes, with what is missing around them. A new reference, or NULL. */
static json_t *parse_record(const char *quote, size_t len, enum quote_end end)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };

	buf_init(&text, 64 * KIB);
	buf_add_format(&text, "%s%.*s%s%s", quote[0] == '{' ? "" : "{", (int)len, quote,
		       end == QUOTE_CUT ? "}" : "", quote[0] == '{' ? "" : "}");
	return json_parse(buf_text(&text), text.len, 64 * KIB, &err);
}

/* The record in a quote: the whole of it, or the value of its one member. A new reference. */
static json_t *record_in(const char *quote)
{
	CLEANUP(json) json_t *whole = NULL;
	size_t len = strlen(quote);

	if (!strchr(quote, '{'))
		return NULL;
	whole = parse_record(quote, len, QUOTE_WHOLE);
	/* A long quote is cut somewhere: its last members are missing then. */
	for (int i = 0; i < MAX_CUT_MEMBERS && !whole && len; i++) {
		while (len && quote[len - 1] != ',')
			len--;
		len -= len > 0;
		whole = len ? parse_record(quote, len, QUOTE_CUT) : NULL;
	}
	if (quote[0] != '{')
		return json_incref(json_object_iter_value(json_object_iter(whole)));
	return TAKE(whole);
}

static void print_quote(const char *quote, struct page *page)
{
	CLEANUP(json) json_t *record = record_in(quote);
	double percent;
	size_t len = strlen(quote);

	if (!len)
		return;
	if (json_is_object(record)) {
		print_record(record, page);
		return;
	}
	page_to(page, INDENT);
	page_flow_format(page, STYLE_FAINT, INDENT, "%.*s%s", QUOTE_COLUMNS, quote,
			 len > QUOTE_COLUMNS ? "..." : "");
	if (share_in(quote, &percent)) {
		page_add(page, STYLE_PLAIN, "  ");
		chart_bar(page, chart_style(percent), percent, BAR_CELLS);
	}
	page_end(page);
}

static void print_claim(const json_t *report, const json_t *claim, struct page *page)
{
	const char *id = json_get_text(claim, "evidence", "?");
	const char *says =
		json_is_string(claim) ? json_string_value(claim) : json_get_text(claim, "says", "");

	page_add(page, STYLE_NAME, "  %-3s", id);
	page_to(page, INDENT);
	page_flow(page, STYLE_PLAIN, INDENT, says);
	page_flow_format(page, STYLE_FAINT, INDENT, "  (%s)", tool_of(report, id));
	if (!json_get_bool(claim, "proven", true))
		page_flow(page, STYLE_WARN, INDENT, "  unproven: the quote is not in the evidence");
	page_end(page);
	print_quote(json_get_text(claim, "quote", ""), page);
}

void proof_print(const json_t *report, const json_t *claims, struct page *page)
{
	const json_t *claim;
	size_t i;

	json_array_foreach(claims, i, claim)
	{
		if (i == MAX_CLAIMS) {
			page_add(page, STYLE_FAINT, "  and %zu more; --json has them all",
				 json_array_size(claims) - i);
			page_end(page);
			break;
		}
		print_claim(report, claim, page);
	}
}

/* What a walk through one result prints. */
struct charts {
	struct page *page;
	const char *tool;
	unsigned n;
};

/* The load of the last 1, 5 and 15 minutes is the one row that begins with the newest. */
static json_t *in_order(const char *key, const json_t *numbers)
{
	json_t *ordered = json_array();
	size_t n = json_array_size(numbers);
	bool is_reversed = strcmp(key, "load") == 0;

	for (size_t i = 0; i < n; i++)
		json_push(ordered,
			  json_incref(json_array_get(numbers, is_reversed ? n - 1 - i : i)));
	return ordered;
}

static void print_chart(struct charts *charts, const char *key, const json_t *unordered)
{
	CLEANUP(json) json_t *numbers = in_order(key, unordered);
	struct page *page = charts->page;
	size_t n = json_array_size(numbers);
	char first[AMOUNT_TEXT_BYTES], last[AMOUNT_TEXT_BYTES];

	/* Three numbers are the fewest that look like a history. */
	if (n < 3 || !json_is_number(json_array_get(numbers, 0)) || charts->n == MAX_CHARTS)
		return;
	page_add(page, STYLE_PLAIN, "  %-24.40s ", key);
	if (!chart_spark(page, numbers, SPARK_CELLS))
		page_add(page, STYLE_FAINT, "(not only numbers)");
	page_flow_format(page, STYLE_FAINT, INDENT, "  %s .. %s  (%s)",
			 amount_format(key, json_array_get(numbers, 0), first),
			 amount_format(key, json_array_get(numbers, n - 1), last), charts->tool);
	page_end(page);
	charts->n++;
}

static void walk(struct charts *charts, const char *key, const json_t *value, unsigned depth)
{
	const char *name;
	json_t *member;
	size_t i;

	if (depth == CHART_DEPTH)
		return;
	if (json_is_array(value) && json_is_number(json_array_get(value, 0))) {
		print_chart(charts, key, value);
		return;
	}
	json_array_foreach(value, i, member)
	{
		walk(charts, key, member, depth + 1);
	}
	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, name, member)
		{
			walk(charts, name, member, depth + 1);
		}
	}
}

static bool is_cited(const json_t *claims, const char *id)
{
	const json_t *claim;
	size_t i;

	json_array_foreach(claims, i, claim)
	{
		if (strcmp(json_get_text(claim, "evidence", ""), id) == 0)
			return true;
	}
	return false;
}

void proof_print_charts(const json_t *bundle, const json_t *claims, struct page *page)
{
	struct charts charts = { .page = page };
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "evidence"), i, item)
	{
		const char *bytes = json_get_text(item, "bytes", "");
		CLEANUP(json) json_t *result = NULL;
		struct error err = { 0 };

		if (!is_cited(claims, json_get_text(item, "id", "")))
			continue;
		result = json_parse(bytes, strlen(bytes), 4 * MIB, &err);
		charts.tool = json_get_text(item, "tool", "");
		walk(&charts, charts.tool, result, 0);
	}
}
