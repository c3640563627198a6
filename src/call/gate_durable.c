/* Durable calls in the gate: what was made before, what is kept. */
#include <errno.h>
#include <string.h>

#include "call/gate_internal.h"

/* Others' ids are nobody's business; the same id for something else is a mistake. */
static int check_same(const struct call *call, const struct spool_entry *entry, struct error *err)
{
	char sha256[HASH_TEXT_BYTES];

	if (!spool_is_of(entry, call->caller.uid))
		return error_set(err, -EEXIST, "the call id '%s' is taken", call->call_id);
	if (strcmp(entry->tool, call->tool) != 0 ||
	    strcmp(entry->args_sha256, hash_text(call->args, call->n_args, sha256)) != 0)
		return error_set(err, -EEXIST, "the call id '%s' belongs to another call",
				 call->call_id);
	return 0;
}

bool gate_is_known(struct call *call, struct frame *kept, struct answer *answer)
{
	const struct spool *spool = call->gate->spool;
	const struct spool_entry *entry;
	enum spool_state state;

	if (spool_find(spool, call->call_id, &state, &entry, &answer->err) < 0)
		return true;
	if (state == SPOOL_UNKNOWN)
		return false;
	if (entry && check_same(call, entry, &answer->err) < 0)
		return true;
	answer->already = state;
	if (state == SPOOL_FINISHED) {
		if (spool_load(spool, call->call_id, kept, &answer->err) == 0)
			answer->kept = kept;
		return true;
	}
	error_set(&answer->err, -EALREADY, "the call '%s' was started before", call->call_id);
	return true;
}

int gate_check_durable(const struct call *call, struct error *err)
{
	if (!call->gate->spool)
		return error_set(err, -ENOTSUP,
				 "this warden ends with its client, so it keeps no calls");
	if (!spool_is_id(call->call_id))
		return error_set(err, -EINVAL, "a call id is 1 to 64 letters, digits, '_' or '-'");
	return 0;
}

int gate_keep(struct call *call, struct error *err)
{
	struct spool_entry entry = {
		.audit_id = call->id,
		.uid = call->caller.uid,
		.risk = call->info->risk,
	};

	text_format(entry.call_id, sizeof(entry.call_id), "%s", call->call_id);
	text_format(entry.tool, sizeof(entry.tool), "%s", call->tool);
	text_format(entry.who, sizeof(entry.who), "%s", call->caller.who);
	text_format(entry.on_behalf, sizeof(entry.on_behalf), "%s", call->caller.on_behalf);
	hash_text(call->args, call->n_args, entry.args_sha256);
	return spool_start(call->gate->spool, &entry, err);
}

bool gate_keep_answer(struct call *call, struct answer *answer)
{
	CLEANUP(json) json_t *header = answer_header(answer);
	struct frame frame = { header, (char *)answer->result, answer->n_result };
	struct error err = { 0 };

	json_put(header, "call_id", json_string(call->call_id));
	if (spool_finish(call->gate->spool, call->call_id, &frame, &err) == 0)
		return true;
	error_set(&answer->err, -EINTR, "'%s' ran, but: %s", call->tool, err.text);
	answer->outcome = "interrupted";
	answer->result = NULL;
	return false;
}
