#include "cli/ask/report.h"

#include <string.h>

#include "base/duration.h"
#include "cli/ask/proof.h"
#include "cli/ask/timeline.h"
#include "cli/terminal/chart.h"
#include "cli/terminal/shell.h"

#define INDENT 2
#define BAR_CELLS 12
#define LIKELY 0.01
#define MAX_UNKNOWNS 12

static const struct verdict {
	const char *name, *mark, *plain_mark;
	enum style style;
} verdicts[] = {
	{ "cause-found", "✖", "!", STYLE_BAD },
	{ "inconclusive", "?", "?", STYLE_WARN },
	{ "healthy", "✔", "+", STYLE_GOOD },
};

static const struct verdict *verdict_of(const json_t *report)
{
	const char *name = json_get_text(report, "verdict", "");

	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (strcmp(verdicts[i].name, name) == 0)
			return &verdicts[i];
	return &verdicts[1];
}

static const json_t *leader(const json_t *report)
{
	return json_array_get(json_object_get(report, "hypotheses"), 0);
}

static bool is_found(const json_t *report)
{
	return strcmp(verdict_of(report)->name, "cause-found") == 0;
}

static void print_verdict(const json_t *report, struct page *page)
{
	const struct verdict *verdict = verdict_of(report);
	double percent = 100 * json_get_number(report, "confidence", 0);

	page_add(page, verdict->style, "%s ",
		 page->charset == CHARSET_UTF8 ? verdict->mark : verdict->plain_mark);
	page_add(page, verdict->style, "%s", verdict->name);
	if (is_found(report))
		page_add(page, STYLE_STRONG, "  %s", json_get_text(report, "cause_id", "?"));
	page_add(page, STYLE_FAINT, "  confidence %.0f %%", percent);
	page_end(page);
	page_to(page, INDENT);
	page_flow(page, STYLE_STRONG, INDENT, json_get_text(report, "root_cause", ""));
	page_end(page);
}

static void print_proof(const json_t *report, const json_t *bundle, struct page *page)
{
	const json_t *claims = json_object_get(leader(report), "for");

	if (!json_array_size(claims) || !strcmp(verdict_of(report)->name, "healthy"))
		return;
	page_title(page, is_found(report) ? "Proof" : "What speaks for it");
	proof_print(report, claims, page);
	proof_print_charts(bundle, claims, page);
}

static void print_hypothesis(const json_t *hypothesis, struct page *page)
{
	double percent = 100 * json_get_number(hypothesis, "probability", 0);
	const char *better = json_get_text(hypothesis, "explained_by", NULL);
	const json_t *against;
	size_t i;

	page_add(page, STYLE_PLAIN, "  %3.0f %% ", percent);
	chart_bar(page, STYLE_NAME, percent, BAR_CELLS);
	page_add(page, STYLE_NAME, " %s", json_get_text(hypothesis, "cause_id", "?"));
	if (better)
		page_add(page, STYLE_FAINT, "  follows from %s", better);
	page_end(page);
	page_to(page, 8);
	page_flow(page, STYLE_PLAIN, 8, json_get_text(hypothesis, "statement", ""));
	page_end(page);
	json_array_foreach(json_object_get(hypothesis, "against"), i, against)
	{
		page_to(page, 8);
		page_flow_format(page, STYLE_FAINT, 17, "against: %s",
				 json_is_string(against) ? json_string_value(against)
							 : json_get_text(against, "says", ""));
		page_end(page);
	}
}

static bool is_likely(const json_t *hypothesis)
{
	return json_get_number(hypothesis, "probability", 0) >= LIKELY;
}

/* What is left of the list: names are enough. */
static void print_unlikely(const json_t *list, size_t first, struct page *page)
{
	const char *lead = "  below 1 %: ";
	const json_t *hypothesis;
	size_t i;

	json_array_foreach(list, i, hypothesis)
	{
		if (i < first || is_likely(hypothesis))
			continue;
		page_flow_format(page, STYLE_FAINT, 4, "%s%s", lead,
				 json_get_text(hypothesis, "cause_id", "?"));
		lead = ", ";
	}
	if (lead[0] == ',')
		page_end(page);
}

static void print_hypotheses(const json_t *report, struct page *page)
{
	const json_t *list = json_object_get(report, "hypotheses");
	const json_t *hypothesis;
	size_t first = is_found(report) ? 1 : 0;
	size_t i;

	if (json_array_size(list) <= first)
		return;
	page_title(page, is_found(report) ? "Also considered" : "Considered");
	json_array_foreach(list, i, hypothesis)
	{
		if (i >= first && is_likely(hypothesis))
			print_hypothesis(hypothesis, page);
	}
	print_unlikely(list, first, page);
}

/* The command line that does it, to be copied: never wrapped. */
static void print_call(const json_t *call, const char *host, struct page *page)
{
	CLEANUP(buf) struct buf line = { 0 };

	shell_add_call(&line, host, json_get_text(call, "tool", ""),
		       json_object_get(call, json_object_get(call, "args") ? "args" : "arguments"));
	page_to(page, 5);
	page_add(page, STYLE_NAME, "$ %s", buf_text(&line));
	page_end(page);
}

/* Of a server's report: how far it is with people. */
static void print_offer(const json_t *offer, struct page *page)
{
	const char *sentence = json_get_text(offer, "sentence", NULL);
	const char *why = json_get_text(offer, "why", json_get_text(offer, "investigation", ""));

	if (!json_is_object(offer))
		return;
	page_to(page, 5);
	if (sentence)
		page_flow(page, STYLE_STRONG, 5, sentence);
	else
		page_flow_format(page, STYLE_WARN, 5, "%s: %s", json_get_text(offer, "state", ""),
				 why);
	page_end(page);
}

static enum style risk_style(const char *risk)
{
	return strcmp(risk, "changes") == 0 ? STYLE_WARN : STYLE_GOOD;
}

void report_print_remedies(const json_t *report, const char *host, struct page *page)
{
	const json_t *list = json_object_get(report, "remedies");
	const json_t *remedy;
	size_t i;

	if (!json_array_size(list))
		return;
	page_title(page, "What to do");
	json_array_foreach(list, i, remedy)
	{
		const char *risk = json_get_text(remedy, "risk", "changes");
		const json_t *call = json_object_get(remedy, "call");

		page_add(page, STYLE_PLAIN, "%3zu. ", i + 1);
		page_flow(page, STYLE_PLAIN, 5, json_get_text(remedy, "statement", ""));
		page_flow_format(page, risk_style(risk), 5, "  [%s]", risk);
		page_end(page);
		if (json_is_object(call))
			print_call(call, host, page);
		print_offer(json_object_get(remedy, "offer"), page);
	}
}

static void print_unknowns(const json_t *report, struct page *page)
{
	const json_t *list = json_object_get(report, "unknowns");
	const json_t *unknown;
	size_t i;

	if (!json_array_size(list))
		return;
	page_title(page, "What could not be seen");
	json_array_foreach(list, i, unknown)
	{
		if (i == MAX_UNKNOWNS) {
			page_add(page, STYLE_FAINT, "  and %zu more; --json has them all",
				 json_array_size(list) - i);
			page_end(page);
			break;
		}
		page_add(page, STYLE_PLAIN, "  - ");
		if (json_is_string(unknown))
			page_flow(page, STYLE_PLAIN, 4, json_string_value(unknown));
		else
			page_flow_format(page, STYLE_PLAIN, 4, "%s: %s",
					 json_get_text(unknown, "what", "?"),
					 json_get_text(unknown, "why", "?"));
		page_flow_format(page, STYLE_FAINT, 4, "  %s",
				 json_get_text(unknown, "evidence", ""));
		page_end(page);
	}
}

void report_print_evidence(const json_t *report, struct page *page)
{
	const json_t *item;
	size_t i;

	page_title(page, "Evidence");
	json_array_foreach(json_object_get(report, "evidence"), i, item)
	{
		page_add(page, STYLE_NAME, "  %-4s", json_get_text(item, "id", ""));
		page_add(page, STYLE_PLAIN, "%-24s", json_get_text(item, "tool", ""));
		page_to(page, 30);
		page_flow(page, STYLE_FAINT, 31, json_get_text(item, "summary", ""));
		page_end(page);
	}
}

static void print_closing(const json_t *report, struct page *page)
{
	size_t n = json_array_size(json_object_get(report, "evidence"));
	char text[DURATION_TEXT_BYTES];
	double elapsed_ms = json_get_number(report, "elapsed_ms", 0);

	page_end(page);
	page_flow_format(
		page, STYLE_FAINT, 0, "%zu piece%s of evidence from %s in %s", n, n == 1 ? "" : "s",
		json_get_text(report, "host", "this host"),
		duration_to_text(elapsed_ms > 0 ? (uint64_t)(elapsed_ms * NS_PER_MS) : 0, text));
	page_end(page);
}

void report_print(const json_t *report, const json_t *bundle, const char *host, struct page *page)
{
	print_verdict(report, page);
	print_proof(report, bundle, page);
	print_hypotheses(report, page);
	timeline_print(json_object_get(report, "timeline"), page);
	report_print_remedies(report, host, page);
	print_unknowns(report, page);
	print_closing(report, page);
}
