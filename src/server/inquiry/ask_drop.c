#include <errno.h>
#include <string.h>

#include "server/inquiry/ask_internal.h"
#include "tools/catalogue.h"

static void ignore(const struct store_result *result UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

static bool is_appealed(const struct leg *leg, const char *call)
{
	for (const struct appeal *appeal = leg->run->appeals; appeal; appeal = appeal->next)
		if (*call && strcmp(appeal->call, call) == 0)
			return true;
	return false;
}

/* Its host has not told yet what its tools are. */
static bool changes(const char *tool)
{
	const struct tool_info *info = catalogue_find(catalogue, tool);

	return info && info->risk == TOOL_CHANGES;
}

/* What became of it no host knows. */
static void drop_foreign(struct leg *leg, const struct ask_words *words)
{
	struct evidence_row row = {
		.number = words->number,
		.tool = words->tool,
		.code = -ECANCELED,
		.error = "the server started again before this call had ended; it may have run",
	};

	record_answered(leg, &row);
	leg_take_dropped(leg, &row);
}

/*
 * Under way when the server ended, and not asked for again: it is cancelled, if that is possible
 * still, and what really became of it goes on record. But what a person has approved is not ended
 * half way, nor what a grant covers: it is waited for.
 */
void ask_drop(struct leg *leg, const json_t *recorded)
{
	const struct ask_words words = {
		.number = (uint64_t)json_get_int(recorded, "number", 0),
		.tool = json_get_text(recorded, "tool", ""),
	};
	struct ask *ask;

	if (offer_is_name(words.tool)) {
		drop_foreign(leg, &words);
		return;
	}
	ask = ask_new(leg, &words, json_object_get(recorded, "args"));
	ask->is_dropped = true;
	text_format(ask->call, sizeof(ask->call), "%s", json_get_text(recorded, "call", ""));
	ask->may_run = is_appealed(leg, ask->call) || changes(ask->tool);
	if (!ask->may_run)
		hub_cancel(ask->hub, ask->org, ask->call, ignore, NULL);
	ask_wait(ask, HUB_WAIT_ANY, RUN_CALL_NS);
}

void ask_cancel_dropped(struct ask *ask)
{
	ask->may_run = false;
	hub_cancel(ask->hub, ask->org, ask->call, ignore, NULL);
	ask_wait(ask, HUB_WAIT_ANY, RUN_CALL_NS);
}

bool asks_any_dropped(const struct leg *leg)
{
	for (const struct ask *ask = leg->asks; ask; ask = ask->next)
		if (ask->is_dropped)
			return true;
	return false;
}
