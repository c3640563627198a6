#include "report/outline.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "report/escape.h"
#include "report/outline_internal.h"

#define MAX_PROOF 8
#define MAX_PROOF_BRIEF 4
#define MAX_REMEDIES_BRIEF 3
#define MAX_ALERTS 20
#define MAX_UNKNOWNS 12
#define MAX_EVIDENCE 60

static char *format_text(const char *format, va_list args) PRINTF_LIKE(1, 0);

static char *format_text(const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

void outline_add(struct outline *outline, enum piece_kind kind, const char *label,
		 const char *format, ...)
{
	va_list args;

	if (outline->n == OUTLINE_MAX_PIECES) {
		outline->n_left_out++;
		return;
	}
	va_start(args, format);
	outline->pieces[outline->n++] = (struct piece) {
		.kind = kind,
		.label = label,
		.text = format_text(format, args),
	};
	va_end(args);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

static void add_fact(struct outline *outline, const char *label, const char *text)
{
	if (*text)
		outline_add(outline, PIECE_FACT, label, "%s", text);
}

void outline_add_left(struct outline *outline, size_t n_all, size_t n_shown)
{
	if (n_all > n_shown)
		outline_add(outline, PIECE_NOTE, NULL, "and %zu more", n_all - n_shown);
}

static const char *verdict_words(const char *verdict)
{
	if (strcmp(verdict, "cause-found") == 0)
		return "cause found";
	return strcmp(verdict, "healthy") == 0 ? "healthy" : "inconclusive";
}

static int percent(const json_t *object, const char *key)
{
	double share = json_get_number(object, key, 0);

	return share >= 0 && share <= 1 ? (int)(share * 100 + 0.5) : 0;
}

static bool is_resolved(const json_t *incident)
{
	return strcmp(text_of(incident, "state"), "resolved") == 0;
}

int outline_name_incident(const json_t *incident, const char *word, char **text_out)
{
	const char *title = text_of(incident, "title");

	return asprintf(text_out, "%s #%lld: %s", word,
			(long long)json_get_int(incident, "number", 0),
			*title ? title : "without a title");
}

static char *name_document(const json_t *document, const char *incident_word)
{
	const json_t *incident = json_object_get(document, "incident");
	const json_t *report = json_object_get(document, "report");
	char *text = NULL;
	int len;

	if (strcmp(text_of(document, "kind"), "test") == 0)
		len = asprintf(&text, "Constable: a test of this destination");
	else if (incident)
		len = outline_name_incident(incident, incident_word, &text);
	else
		len = asprintf(&text, "%s: %s", text_of(report, "host"),
			       verdict_words(text_of(report, "verdict")));
	if (len < 0)
		abort();
	return text;
}

static void add_incident(struct outline *outline, const json_t *incident)
{
	long long n = json_get_int(incident, "n_alerts", 0);

	add_fact(outline, "State", text_of(incident, "state"));
	add_fact(outline, "Severity", text_of(incident, "severity"));
	if (n > 0)
		outline_add(outline, PIECE_FACT, "Alerts", "%lld, %lld firing", n,
			    (long long)json_get_int(incident, "n_firing", 0));
	add_fact(outline, "Opened", text_of(incident, "opened"));
	add_fact(outline, "Resolved", text_of(incident, "resolved"));
}

static void add_verdict(struct outline *outline, const json_t *report)
{
	outline_add(outline, PIECE_FACT, "Verdict", "%s, confidence %d %%",
		    verdict_words(text_of(report, "verdict")), percent(report, "confidence"));
	add_fact(outline, "Cause", text_of(report, "cause_id"));
	add_fact(outline, "Host", text_of(report, "host"));
	add_fact(outline, "Asked", text_of(report, "question"));
	if (*text_of(report, "root_cause"))
		outline_add(outline, PIECE_TEXT, NULL, "%s", text_of(report, "root_cause"));
}

static void add_claim(struct outline *outline, const json_t *claim)
{
	bool is_proven = json_get_bool(claim, "proven", false);

	outline_add(outline, PIECE_ITEM, NULL, "%s (%s%s)", text_of(claim, "says"),
		    text_of(claim, "evidence"),
		    is_proven ? "" : "; unproven: its quote is not in the evidence");
	if (*text_of(claim, "quote"))
		outline_add(outline, PIECE_QUOTE, NULL, "%s", text_of(claim, "quote"));
}

static void add_proof(struct outline *outline, const json_t *report, size_t max)
{
	const json_t *leader = json_array_get(json_object_get(report, "hypotheses"), 0);
	const json_t *claims = json_object_get(leader, "for"), *claim;
	bool is_found = strcmp(text_of(report, "verdict"), "cause-found") == 0;
	size_t i;

	if (!json_array_size(claims) || strcmp(text_of(report, "verdict"), "healthy") == 0)
		return;
	outline_add(outline, PIECE_HEADING, is_found ? "Proof" : "What speaks for it", "%s", "");
	json_array_foreach(claims, i, claim)
	{
		if (i < max)
			add_claim(outline, claim);
	}
	outline_add_left(outline, i, i < max ? i : max);
}

/* Not as a command line: nobody should paste what a host has named into a shell. */
static void add_call(struct outline *outline, const json_t *call)
{
	const json_t *args =
		json_object_get(call, json_object_get(call, "args") ? "args" : "arguments");
	CLEANUP(text) char *text = args ? json_canonical(args) : NULL;

	outline_add(outline, PIECE_QUOTE, NULL, "%s %s", text_of(call, "tool"), text ? text : "{}");
}

static void add_remedies(struct outline *outline, const json_t *report, size_t max)
{
	const json_t *list = json_object_get(report, "remedies"), *remedy;
	size_t i;

	if (!json_array_size(list))
		return;
	outline_add(outline, PIECE_HEADING, "What to do", "%s", "");
	json_array_foreach(list, i, remedy)
	{
		if (i >= max)
			continue;
		outline_add(outline, PIECE_ITEM, NULL, "%s (%s)", text_of(remedy, "statement"),
			    json_get_text(remedy, "risk", "changes"));
		if (json_is_object(json_object_get(remedy, "call")))
			add_call(outline, json_object_get(remedy, "call"));
		outline_add_offer(outline, json_object_get(remedy, "offer"));
	}
	outline_add_left(outline, i, i < max ? i : max);
}

static void add_hypothesis(struct outline *outline, const json_t *hypothesis)
{
	const json_t *claim;
	size_t i;

	outline_add(outline, PIECE_ITEM, NULL, "%d %% %s: %s", percent(hypothesis, "probability"),
		    text_of(hypothesis, "cause_id"), text_of(hypothesis, "statement"));
	json_array_foreach(json_object_get(hypothesis, "against"), i, claim)
	{
		if (i < MAX_PROOF)
			outline_add(outline, PIECE_ITEM, NULL, "against %s: %s",
				    text_of(hypothesis, "cause_id"),
				    json_is_string(claim) ? json_string_value(claim)
							  : text_of(claim, "says"));
	}
}

static void add_others(struct outline *outline, const json_t *report)
{
	const json_t *list = json_object_get(report, "hypotheses"), *hypothesis;
	size_t first = strcmp(text_of(report, "verdict"), "cause-found") == 0 ? 1 : 0, i;

	if (json_array_size(list) <= first)
		return;
	outline_add(outline, PIECE_HEADING, first ? "Also considered" : "Considered", "%s", "");
	json_array_foreach(list, i, hypothesis)
	{
		if (i >= first)
			add_hypothesis(outline, hypothesis);
	}
}

static void add_unknowns(struct outline *outline, const json_t *report)
{
	const json_t *list = json_object_get(report, "unknowns"), *row;
	size_t i;

	if (!json_array_size(list))
		return;
	outline_add(outline, PIECE_HEADING, "What could not be seen", "%s", "");
	json_array_foreach(list, i, row)
	{
		if (i >= MAX_UNKNOWNS)
			continue;
		if (json_is_string(row))
			outline_add(outline, PIECE_ITEM, NULL, "%s", json_string_value(row));
		else
			outline_add(outline, PIECE_ITEM, NULL, "%s: %s (%s)", text_of(row, "what"),
				    text_of(row, "why"), text_of(row, "evidence"));
	}
	outline_add_left(outline, i, i < MAX_UNKNOWNS ? i : MAX_UNKNOWNS);
}

static void add_alerts(struct outline *outline, const json_t *incident)
{
	const json_t *list = json_object_get(incident, "alerts"), *alert;
	size_t i;

	if (!json_array_size(list))
		return;
	outline_add(outline, PIECE_HEADING, "Alerts", "%s", "");
	json_array_foreach(list, i, alert)
	{
		const char *summary = text_of(alert, "summary");

		if (i < MAX_ALERTS)
			outline_add(outline, PIECE_ITEM, NULL, "%s (%s)%s%s",
				    text_of(alert, "name"), text_of(alert, "status"),
				    *summary ? ": " : "", summary);
	}
	outline_add_left(outline, i, i < MAX_ALERTS ? i : MAX_ALERTS);
}

static void add_evidence(struct outline *outline, const json_t *report)
{
	const json_t *list = json_object_get(report, "evidence"), *item;
	size_t i;

	if (!json_array_size(list))
		return;
	outline_add(outline, PIECE_HEADING, "Evidence", "%s", "");
	json_array_foreach(list, i, item)
	{
		if (i < MAX_EVIDENCE)
			outline_add(outline, PIECE_ITEM, NULL, "%s %s on %s: %s",
				    text_of(item, "id"), text_of(item, "tool"),
				    text_of(item, "host"), text_of(item, "summary"));
	}
	outline_add_left(outline, i, i < MAX_EVIDENCE ? i : MAX_EVIDENCE);
}

static void add_closing(struct outline *outline, const json_t *report)
{
	double elapsed_ms = json_get_number(report, "elapsed_ms", 0);
	size_t n = json_array_size(json_object_get(report, "evidence"));
	bool is_sane = elapsed_ms > 0 && elapsed_ms < 1e9;
	char text[DURATION_TEXT_BYTES];

	outline_add(outline, PIECE_NOTE, NULL, "%zu piece%s of evidence in %s", n,
		    n == 1 ? "" : "s",
		    duration_to_text(is_sane ? (uint64_t)(elapsed_ms * NS_PER_MS) : 0, text));
}

static enum outline_mood mood_of(const json_t *incident, const json_t *report)
{
	const char *verdict = text_of(report, "verdict");

	if (is_resolved(incident) || strcmp(verdict, "healthy") == 0)
		return MOOD_GOOD;
	return report && strcmp(verdict, "cause-found") != 0 ? MOOD_UNSURE : MOOD_BAD;
}

void outline_init(struct outline *outline, const json_t *document, enum outline_extent extent)
{
	const json_t *incident = json_object_get(document, "incident");
	const json_t *report = json_object_get(document, "report");
	const char *url = text_of(document, "url");
	bool is_full = extent == OUTLINE_FULL;

	incident = json_is_object(incident) ? incident : NULL;
	report = json_is_object(report) ? report : NULL;
	*outline = (struct outline) {
		.mood = mood_of(incident, report),
		.url = escape_is_url(url) ? url : NULL,
	};
	if (json_is_object(json_object_get(document, "appeal"))) {
		outline_init_appeal(outline, incident, json_object_get(document, "appeal"));
		return;
	}
	outline->title = name_document(document, is_resolved(incident) ? "Resolved" : "Incident");
	outline->subject = name_document(document, "Incident");
	if (strcmp(text_of(document, "kind"), "test") == 0)
		outline_add(outline, PIECE_TEXT, NULL,
			    "What you read arrived: this destination works.");
	if (incident)
		add_incident(outline, incident);
	outline_add_impact(outline, incident, report);
	if (report) {
		add_verdict(outline, report);
		add_proof(outline, report, is_full ? MAX_PROOF : MAX_PROOF_BRIEF);
		add_remedies(outline, report, is_full ? SIZE_MAX : MAX_REMEDIES_BRIEF);
	}
	if (report && is_full) {
		add_others(outline, report);
		outline_add_timeline(outline, report);
		add_unknowns(outline, report);
	}
	if (incident && (is_full || !report))
		add_alerts(outline, incident);
	if (report && is_full)
		add_evidence(outline, report);
	if (report)
		add_closing(outline, report);
}

void outline_finish(struct outline *outline)
{
	for (size_t i = 0; i < outline->n; i++)
		free(outline->pieces[i].text);
	free(outline->title);
	free(outline->subject);
	outline->title = outline->subject = NULL;
	outline->n = 0;
}

void outline_cleanup(struct outline *outline)
{
	outline_finish(outline);
}
