#include "cli/report.h"

#include <string.h>
#include <unistd.h>

struct style {
	const char *strong, *good, *bad, *faint, *end;
};

static struct style choose_style(FILE *stream)
{
	static const struct style colours = { "\033[1m", "\033[32m", "\033[31m", "\033[2m",
					      "\033[0m" };
	static const struct style plain = { "", "", "", "", "" };

	return isatty(fileno(stream)) ? colours : plain;
}

/* Control bytes, C1 included (UTF-8 C2 80..9F), must not reach a terminal. */
static void print_text(FILE *stream, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;

		if (*at < ' ' || *at == 0x7f || is_c1)
			(void)fputc('?', stream);
		else
			(void)fputc(*at, stream);
		at += is_c1;
	}
}

static void print_line(FILE *stream, const char *lead, const char *text)
{
	(void)fputs(lead, stream);
	print_text(stream, text);
	(void)fputc('\n', stream);
}

static void print_proof(const json_t *report, const json_t *hypothesis, FILE *stream)
{
	const json_t *finding;
	size_t i;

	(void)report;
	json_array_foreach(json_object_get(hypothesis, "for"), i, finding)
	{
		const char *says = json_is_string(finding) ? json_string_value(finding)
							   : json_get_text(finding, "says", "");

		(void)fprintf(stream, "  %s ", json_get_text(finding, "evidence", "-"));
		print_line(stream, "", says);
	}
}

static void print_section(const json_t *report, const char *key, const char *title,
			  const char *member, FILE *stream)
{
	const json_t *list = json_object_get(report, key);
	const json_t *item;
	size_t i;

	if (!json_array_size(list))
		return;
	(void)fprintf(stream, "\n%s\n", title);
	json_array_foreach(list, i, item) print_line(
		stream, "  ",
		json_is_string(item) ? json_string_value(item) : json_get_text(item, member, ""));
}

static void print_hypotheses(const json_t *report, FILE *stream)
{
	const json_t *list = json_object_get(report, "hypotheses");
	const json_t *item;
	size_t i;

	if (json_array_size(list) < 2)
		return;
	(void)fprintf(stream, "\nAlso considered\n");
	json_array_foreach(list, i, item) if (i > 0 && i < 5)(void)
		fprintf(stream, "  %5.1f %%  %s\n", 100 * json_get_number(item, "probability", 0),
			json_get_text(item, "cause_id", "?"));
}

void report_print(const json_t *report, FILE *stream)
{
	struct style style = choose_style(stream);
	const char *verdict = json_get_text(report, "verdict", "inconclusive");
	bool is_found = strcmp(verdict, "cause-found") == 0;

	(void)fprintf(stream, "%s%s%s", style.strong,
		      strcmp(verdict, "healthy") == 0 ? style.good : style.bad, verdict);
	if (is_found)
		(void)fprintf(stream, "  %s  (%.0f %%)", json_get_text(report, "cause_id", "?"),
			      100 * json_get_number(report, "confidence", 0));
	(void)fprintf(stream, "%s\n", style.end);
	print_line(stream, "", json_get_text(report, "root_cause", ""));
	if (is_found) {
		(void)fprintf(stream, "\nProof\n");
		print_proof(report, json_array_get(json_object_get(report, "hypotheses"), 0),
			    stream);
	}
	print_hypotheses(report, stream);
	print_section(report, "remedies", "What to do", "statement", stream);
	print_section(report, "unknowns", "What could not be seen", "what", stream);
	(void)fprintf(stream, "\n%s%zu pieces of evidence in %.0f ms%s\n", style.faint,
		      json_array_size(json_object_get(report, "evidence")),
		      json_get_number(report, "elapsed_ms", 0), style.end);
}
