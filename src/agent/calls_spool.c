/* The book of calls and the warden's spool: compared after either was away. */
#include <stdlib.h>
#include <string.h>

#include "agent/plan.h"

/* A comparison on its way. */
struct comparison {
	struct calls *calls;
	void (*done)(void *data);
	void *data;
};

static void ignore(const struct frame *answer UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

/* What is left of a plan that was acknowledged: its own entry went first or last. */
static void take_part(struct calls *calls, const json_t *entry)
{
	const char *id = json_get_text(entry, "call_id", "");
	char whole[CALLS_ID_BYTES];

	text_format(whole, sizeof(whole), "%.*s", (int)strcspn(id, "-"), id);
	if (strcmp(json_get_text(entry, "state", ""), "finished") != 0 || call_find(calls, whole))
		return;
	(void)warden_ask(calls->config.warden,
			 json_pack("{s:s, s:s}", "type", "forget", "call_id", id), NULL, ignore,
			 NULL);
}

static void take_entry(struct calls *calls, const json_t *entry)
{
	const char *id = json_get_text(entry, "call_id", "");
	bool ended = strcmp(json_get_text(entry, "state", ""), "finished") == 0;
	struct call *call = call_find(calls, id);

	if (call)
		call->in_spool = true;
	if (call || !*id || strlen(id) >= CALLS_ID_BYTES || calls->n >= CALLS_MAX)
		return;
	call = call_new(calls, id, ended ? CALL_KEPT : CALL_ADRIFT);
	call->in_spool = true;
	if (!ended)
		(void)call_wait(call);
}

static void take_wholes(struct calls *calls, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		if (!plan_is_part(json_get_text(entry, "call_id", "")))
			take_entry(calls, entry);
	}
}

static void take_parts(struct calls *calls, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		if (plan_is_part(json_get_text(entry, "call_id", "")))
			take_part(calls, entry);
	}
}

static void handle_spool(const struct frame *answer, const struct error *err, void *data)
{
	struct comparison *comparison = data;
	struct calls *calls = comparison->calls;
	struct error why = { 0 };
	CLEANUP(json) json_t *entries = NULL;

	if (!err)
		entries = json_parse(answer->body, answer->n_body, FRAME_BODY_MAX_BYTES, &why);
	take_wholes(calls, entries);
	take_parts(calls, entries);
	calls->is_comparing = false;
	if (comparison->done)
		comparison->done(comparison->data);
	free(comparison);
	calls_link_drained(calls);
}

void calls_compare(struct calls *calls, void (*done)(void *data), void *data)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));

	if (!comparison)
		abort();
	*comparison = (struct comparison) { calls, done, data };
	if (warden_ask(calls->config.warden, json_pack("{s:s}", "type", "spool"), NULL,
		       handle_spool, comparison) == 0)
		return;
	free(comparison);
	if (done)
		done(data);
}
