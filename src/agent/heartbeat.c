#include "agent/heartbeat.h"

#include <string.h>

#include "agent/link_internal.h"
#include "base/clock.h"

/* Also local calls move the head; how often those are looked for is a matter of wake-ups. */
#define HEAD_EVERY_TICKS 10

static void beat(struct agent *agent)
{
	struct link *link = &agent->link;
	char time[CLOCK_TEXT_BYTES];
	json_t *params = json_pack("{s:s}", "time", clock_format(clock_wall_ns(), time));
	json_t *id;

	if (agent->audit_head[0])
		json_put(params, "audit",
			 json_pack("{s:I, s:s}", "seq", agent->audit_seq, "head",
				   agent->audit_head));
	link->heartbeat_id = ++link->next_id;
	link->heartbeat_ns = clock_boot_ns();
	id = json_integer(link->heartbeat_id);
	if (link_send(link, jsonrpc_format_request(id, "heartbeat", params)) < 0)
		link->heartbeat_id = 0;
	else
		link->n_heartbeats++;
	json_decref(id);
}

void heartbeat_start(struct agent *agent)
{
	if (agent->n_ticks % HEAD_EVERY_TICKS == 0 || agent->calls.n_asked != agent->n_asked_then)
		agent_ask_warden(agent, beat);
	else
		beat(agent);
}

static void ignore(const struct frame *answer UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

void heartbeat_note_contact(struct agent *agent, uint64_t asked_ns)
{
	agent->link.contact_ns = asked_ns;
	heartbeat_tell_contact(agent);
}

void heartbeat_tell_contact(struct agent *agent)
{
	/* Nobody waits for it where there are no programs, and it wakes two processes. */
	if (!agent->link.contact_ns || !agent->programs.are_there)
		return;
	(void)warden_ask(agent->warden,
			 json_pack("{s:s, s:I}", "type", "contact", "asked_ns",
				   (json_int_t)agent->link.contact_ns),
			 NULL, ignore, NULL);
}

void heartbeat_take(struct agent *agent, const struct jsonrpc_message *message)
{
	const json_t *anchor = json_object_get(message->result, "anchor");
	CLEANUP(text) char *text = NULL;

	heartbeat_note_contact(agent, agent->link.heartbeat_ns);
	if (!json_is_object(anchor))
		return;
	text = json_canonical(anchor);
	/* One that is lost is made again: the head grows. */
	(void)warden_ask(agent->warden, json_pack("{s:s}", "type", "anchor"), text, ignore, NULL);
}
