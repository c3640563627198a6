#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/report.h"

#define SUMMARY_BYTES 1000 /* of 1024 characters */
#define SOURCE_BYTES 255
#define DETAIL_BYTES (2 * KIB)

static const char *severity_of(const json_t *incident)
{
	static const char *const known[] = { "critical", "error", "warning", "info" };
	const char *severity = json_get_text(incident, "severity", "");

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], severity) == 0)
			return known[i];
	return "error";
}

static json_t *line_of(const char *text, size_t max)
{
	CLEANUP(buf) struct buf line = { 0 };

	buf_init(&line, max + sizeof(ESCAPE_CUT));
	escape_line(&line, text, max);
	return json_string(buf_text(&line));
}

static json_t *details_of(const json_t *report)
{
	json_t *details = json_object();

	if (!json_is_object(report))
		return details;
	json_put(details, "verdict", line_of(json_get_text(report, "verdict", ""), SOURCE_BYTES));
	json_put(details, "cause_id", line_of(json_get_text(report, "cause_id", ""), SOURCE_BYTES));
	json_put(details, "root_cause",
		 line_of(json_get_text(report, "root_cause", ""), DETAIL_BYTES));
	json_put(details, "confidence", json_real(json_get_number(report, "confidence", 0)));
	return details;
}

static json_t *payload_of(const json_t *document)
{
	const json_t *incident = json_object_get(document, "incident");
	const json_t *report = json_object_get(document, "report");
	CLEANUP(text) char *summary = report_title(document, SUMMARY_BYTES);
	const char *host = json_get_text(report, "host", "");

	return json_pack("{s:s, s:o, s:s, s:o}", "summary", summary, "source",
			 line_of(*host ? host : "constable", SOURCE_BYTES), "severity",
			 severity_of(incident), "custom_details", details_of(report));
}

json_t *report_pagerduty_event(const json_t *document, const char *dedup_key)
{
	const json_t *incident = json_object_get(document, "incident");
	const char *url = json_get_text(document, "url", "");
	bool is_over = strcmp(json_get_text(incident, "state", ""), "resolved") == 0;
	json_t *event = json_pack("{s:s, s:s, s:o, s:s}", "event_action",
				  is_over ? "resolve" : "trigger", "dedup_key", dedup_key,
				  "payload", payload_of(document), "client", "Constable");

	if (escape_is_url(url))
		json_put(event, "client_url", json_string(url));
	return event;
}
