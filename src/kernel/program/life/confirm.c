/* Commit-confirm: what can cut the host off stays only if the agent still reaches its server. */
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "kernel/program/life/steward_internal.h"

#define RECENT_NS (5 * 60 * NS_PER_SEC) /* ten heartbeats */

static bool is_of_network(const json_t *program)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(program, "programs"), i, one)
	{
		const struct program_type *type = program_type_find(json_get_text(one, "type", ""));

		if (type && (type->attach == ATTACH_XDP || type->attach == ATTACH_TC_INGRESS ||
			     type->attach == ATTACH_TC_EGRESS || type->attach == ATTACH_CGROUP ||
			     type->attach == ATTACH_SK_LOOKUP))
			return true;
	}
	return false;
}

int64_t steward_confirm_s(const struct steward *steward, const json_t *program)
{
	struct health health;
	struct error err = { 0 };

	if (!steward->contact_ns || guardian_now_ns() - steward->contact_ns > RECENT_NS ||
	    !is_of_network(program) || health_parse(program, &steward->limits, &health, &err) < 0)
		return 0;
	return (int64_t)health.confirm_s;
}

void steward_note_contact(struct steward *steward, uint64_t asked_ns)
{
	struct error err = { 0 };
	json_t *program;
	bool is_any = false;
	size_t i;

	steward->contact_ns = asked_ns;
	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (!json_object_get(program, "confirm_ns") ||
		    (uint64_t)json_get_int(program, "attached_ns", INT64_MAX) > asked_ns)
			continue;
		(void)json_object_del(program, "confirm_ns");
		is_any = true;
	}
	if (is_any && journal_save(&steward->journal, &err) < 0)
		log_error("%s", err.text);
	if (is_any)
		step_reached("program-confirmed");
}
