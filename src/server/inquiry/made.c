/*
 * Changes that were made on hosts for this investigation, or may have been, are in its report's
 * timeline, whoever was there when they ended: their rows have the source "change".
 */
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/leg_internal.h"
#include "tools/catalogue.h"

#define TEXT_BYTES 1024

/* The rest was refused, or ended before it began. */
static const struct {
	const char *state, *words;
} ends[] = {
	{ "done", "was run" },
	{ "failed", "was run, and failed: " },
	{ "interrupted", "was interrupted; part of it may have happened" },
	{ "unknown", "may have been run: its outcome is not known" },
};

void run_note_made(struct leg *leg, const struct evidence_row *row)
{
	struct run *run = leg->run;
	char id[24], time[CLOCK_TEXT_BYTES];

	if (!row->state || strcmp(leg_risk(leg, row->tool), "changes") != 0)
		return;
	if (!run->made)
		run->made = json_array();
	text_format(id, sizeof(id), "e%llu", (unsigned long long)row->number);
	json_push(run->made, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "agent", leg->agent,
				       "tool", row->tool, "id", id, "state", row->state, "time",
				       clock_format(clock_wall_ns(), time), "error",
				       json_text(row->error ? row->error : "",
						 row->error ? strlen(row->error) : 0)));
}

static const struct leg *find_leg(const struct run *run, const char *agent)
{
	for (unsigned i = 0; i < run->n_legs; i++)
		if (strcmp(run->legs[i].agent, agent) == 0)
			return &run->legs[i];
	return NULL;
}

static void add_item(const struct leg *leg, const json_t *item, json_t *rows)
{
	const char *state = json_get_text(item, "state", "");
	uint64_t at_ns, now_ns = clock_wall_ns();
	char text[TEXT_BYTES];

	if (!clock_parse(json_get_text(item, "time", ""), &at_ns) || at_ns > now_ns)
		at_ns = now_ns;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (strcmp(state, ends[i].state) != 0)
			continue;
		text_format(text, sizeof(text), "%.200s: %.64s %s%.300s", leg->host,
			    json_get_text(item, "tool", ""), ends[i].words,
			    strcmp(state, "failed") == 0 ? json_get_text(item, "error", "") : "");
		json_push(rows, json_pack("{s:f, s:o, s:s, s:s}", "seconds_ago",
					  (double)((now_ns - at_ns) / NS_PER_SEC), "text",
					  json_text(text, strlen(text)), "evidence",
					  json_get_text(item, "id", ""), "source", "change"));
	}
}

/* A host that did not come back has told no catalogue: ours says what its tools are. */
static bool is_change(const struct leg *leg, const json_t *item)
{
	const char *tool = json_get_text(item, "tool", "");
	const char *risk = leg_risk(leg, tool);
	const struct tool_info *info = catalogue_find(catalogue, tool);

	return *risk ? strcmp(risk, "changes") == 0 : info && info->risk == TOOL_CHANGES;
}

void run_add_made(const struct run *run, json_t *rows)
{
	const json_t *item;
	size_t i;

	json_array_foreach(run->recorded, i, item)
	{
		const struct leg *leg = find_leg(run, json_get_text(item, "agent", ""));

		if (leg && is_change(leg, item))
			add_item(leg, item, rows);
	}
	json_array_foreach(run->made, i, item)
		add_item(find_leg(run, json_get_text(item, "agent", "")), item, rows);
}
