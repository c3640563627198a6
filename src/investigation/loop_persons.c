/* Waiting for people is no time of the investigation. */
#include <string.h>

#include "base/clock.h"
#include "investigation/loop_internal.h"

/*
 * As the server names tools of MCP servers of others, which may ask a person at any time: it says
 * when they do.
 */
bool loop_is_foreign(const char *tool)
{
	return strncmp(tool, "mcp__", 5) == 0;
}

static bool waits_for_person(const struct crew *crew, const struct loop_call *call)
{
	const struct evidence *items = crew->investigation->ledger.items;
	const struct evidence *item = call->item ? &items[call->item - 1] : NULL;

	if (call->is_answered)
		return false;
	if (item && loop_is_foreign(item->tool))
		return call->waits;
	return call->asked || (item && item->wanted);
}

static bool any_waits_for_person(const struct crew *crew)
{
	for (size_t i = 0; i < crew->n_loops; i++)
		for (size_t k = 0; k < crew->loops[i]->n_calls; k++)
			if (waits_for_person(crew, &crew->loops[i]->calls[k]))
				return true;
	return false;
}

/* What was waited for until the end of the time is waited for until its new end. */
static void extend(struct crew *crew, uint64_t waited_ns)
{
	uint64_t deadline_ns = budget_extend(&crew->budget, waited_ns);

	for (size_t i = 0; i < crew->n_loops; i++)
		for (size_t k = 0; k < crew->loops[i]->n_calls; k++)
			if (crew->loops[i]->calls[k].due_ns == deadline_ns)
				crew->loops[i]->calls[k].due_ns = crew->budget.deadline_ns;
}

uint64_t persons_wait_begin(const struct crew *crew)
{
	return any_waits_for_person(crew) ? clock_monotonic_ns() : 0;
}

void persons_wait_end(struct crew *crew, uint64_t begin_ns)
{
	if (begin_ns)
		extend(crew, clock_monotonic_ns() - begin_ns);
}
