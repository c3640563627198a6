/*
 * Calls that an investigation wanted and did not get are on the org's audit log: refused by the
 * server, by the host's policy, or to a model by its own investigator. What a person refuses is
 * there by that person's own line.
 */
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/leg_internal.h"
#include "server/org/audit.h"

#define TOOL_BYTES 64
#define WHY_BYTES 300
#define MAX_OF_REPORT 16

static json_t *cut(const char *text, size_t max)
{
	return json_text(text, strnlen(text, max));
}

void record_refused(struct leg *leg, const struct refusal *refusal)
{
	struct run *run = leg->run;
	CLEANUP(json)
	json_t *details = json_pack("{s:s, s:s, s:s, s:s, s:o}", "agent", leg->agent, "by",
				    refusal->by, "caller", run->caller, "investigation", run->id,
				    "why", cut(refusal->why, WHY_BYTES));
	CLEANUP(text) char *text = NULL;
	char evidence[16], actor[INQUIRY_ID_BYTES + 16], tool[TOOL_BYTES + 1];

	if (refusal->number) {
		text_format(evidence, sizeof(evidence), "e%llu",
			    (unsigned long long)refusal->number);
		json_put(details, "evidence", json_string(evidence));
	}
	text = json_canonical(details);
	text_format(actor, sizeof(actor), "investigation/%s", run->id);
	text_format(tool, sizeof(tool), "%.*s", TOOL_BYTES, refusal->tool);
	SCROLL_WRITE(&run->scroll, RUN_TAG_AUDIT, audit_once_sql, store_text(run->org),
		     store_int((int64_t)clock_wall_ns()), store_text(actor),
		     store_text("call.refuse"), store_text(tool), store_text(text));
}

void record_refusals_of_report(struct leg *leg)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(leg->report, "warnings"), i, warning)
	{
		if (i == MAX_OF_REPORT)
			break;
		if (strcmp(json_get_text(warning, "kind", ""), "refused") != 0)
			continue;
		record_refused(leg, &(struct refusal) {
					    .by = "investigator",
					    .tool = json_get_text(warning, "tool", ""),
					    .why = json_get_text(warning, "what", ""),
				    });
	}
}
