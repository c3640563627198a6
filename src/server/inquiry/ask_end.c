/* Calls that their investigator waits for no more. */
#include <errno.h>

#include "server/inquiry/ask_internal.h"

static void ignore(const struct store_result *result UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

static void halt(struct ask *ask)
{
	const struct run *run = ask->leg->run;

	if (ask->is_submitting) {
		ask_leave(ask);
		ask->leg = NULL; /* handle_submitted() ends it */
		return;
	}
	if (*ask->call && !ask->foreign && (ask->is_waiting || ask->ticket) &&
	    !run->inquiries->is_stopped && !run->is_lost)
		hub_cancel(ask->hub, ask->org, ask->call, ignore, NULL);
	ask_free(ask);
}

/* Its investigator waits no more; what the host does of it is not known here. */
static void give_up(const struct ask *ask, bool has_begun)
{
	const struct evidence_row row = {
		.number = ask->number,
		.tool = ask->tool,
		.code = -ETIMEDOUT,
		.error = "no answer in time",
		.state = has_begun ? "unknown" : NULL,
	};

	record_answered(ask->leg, &row);
	run_note_made(ask->leg, &row);
}

void ask_cancel(struct leg *leg, json_int_t id)
{
	bool has_begun;

	for (struct ask *ask = leg->asks; ask; ask = ask->next) {
		if (ask->id != id || ask->is_context)
			continue;
		has_begun = *ask->call && !ask->waits_since_ns;
		ask_end_approval(ask, "expired", "");
		give_up(ask, has_begun);
		halt(ask);
		return;
	}
}

void asks_halt(struct leg *leg)
{
	while (leg->asks)
		halt(leg->asks);
}
