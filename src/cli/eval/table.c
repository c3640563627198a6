#include "cli/eval/table.h"

#include <string.h>

#define CASE_COLUMNS 56

static const char *expected_text(const json_t *score)
{
	const json_t *expect = json_object_get(score, "expected");
	const json_t *id = json_array_get(json_object_get(expect, "cause_ids"), 0);

	return id ? json_string_value(id) : json_get_text(expect, "verdict", "?");
}

static const char *found_text(const json_t *score)
{
	const char *cause = json_get_text(score, "cause_id", "");

	return *cause ? cause : json_get_text(score, "verdict", "?");
}

static void add_figures(const json_t *score, struct page *page)
{
	page_add(page, STYLE_PLAIN, "%4.0f %%  %4.0f %%  %5.0f  %6.0f",
		 100 * json_get_number(score, "evidence", 0),
		 100 * json_get_number(score, "precision", 0), json_get_number(score, "calls", 0),
		 json_get_number(score, "elapsed_ms", 0));
	if (json_get_number(score, "input_tokens", 0) > 0)
		page_add(page, STYLE_PLAIN, "  %8.0f  $%.4f",
			 json_get_number(score, "input_tokens", 0) +
				 json_get_number(score, "output_tokens", 0),
			 json_get_number(score, "cost_usd", 0));
}

void table_print_head(struct page *page)
{
	page_add(page, STYLE_FAINT, "  case");
	page_to(page, CASE_COLUMNS);
	page_add(page, STYLE_FAINT, "evidence proven calls     ms  found");
	page_end(page);
}

void table_print_score(const json_t *score, struct page *page)
{
	bool is_right = json_get_bool(score, "right", false);
	const char *host = json_get_text(json_object_get(score, "expected"), "host", NULL);

	page_add(page, is_right ? STYLE_GOOD : STYLE_BAD, "%s", is_right ? "+" : "-");
	page_add(page, STYLE_PLAIN, " %s", json_get_text(score, "case", "?"));
	page_to(page, CASE_COLUMNS);
	add_figures(score, page);
	page_add(page, is_right ? STYLE_PLAIN : STYLE_BAD, "  %s", found_text(score));
	if (host)
		page_add(page, STYLE_FAINT, " on %s", json_get_text(score, "host", "?"));
	if (!is_right)
		page_add(page, STYLE_WARN, ", expected %s%s%s", expected_text(score),
			 host ? " on " : "", host ? host : "");
	page_end(page);
}

void table_print_total(const json_t *total, struct page *page)
{
	json_int_t n = json_get_int(total, "cases", 0), n_right = json_get_int(total, "right", 0);

	page_add(page, n == n_right ? STYLE_GOOD : STYLE_WARN,
		 "  %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " right", n_right, n);
	page_to(page, CASE_COLUMNS);
	add_figures(total, page);
	page_add(page, STYLE_PLAIN, "  %.0f of %.0f claims unproven",
		 json_get_number(total, "unproven", 0), json_get_number(total, "claims", 0));
	page_end(page);
}
