/* Calls: done at once, started once, and said again until the server has the outcome. */
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "identity/token.h"

static struct fleet_call *find(const struct member *member, const char *id)
{
	for (unsigned i = member->n_calls; i > 0; i--)
		if (strcmp(member->calls[i - 1].id, id) == 0)
			return &member->calls[i - 1];
	return NULL;
}

static struct fleet_call *add(struct member *member, const char *id)
{
	struct fleet_call *call;

	if (member->n_calls % 64 == 0) {
		member->calls =
			realloc(member->calls, (member->n_calls + 64) * sizeof(*member->calls));
		if (!member->calls)
			abort();
	}
	call = &member->calls[member->n_calls++];
	*call = (struct fleet_call) { 0 };
	text_format(call->id, sizeof(call->id), "%s", id);
	return call;
}

static void respond(struct member *member, const struct fleet_call *call)
{
	char made[FLEET_CALL_BYTES + 32], hash[TOKEN_HASH_BYTES];
	const char *text = call->text ? call->text : made;

	text_format(made, sizeof(made), "{\"load\":0.25,\"of\":\"%s\"}", call->id);
	member_send(member, json_fill("{\"jsonrpc\":\"2.0\",\"id\":$s,\"result\":{"
				      "\"content\":[{\"type\":\"text\",\"text\":$s}],"
				      "\"isError\":false,\"_meta\":{"
				      "\"constable/outcome\":\"done\",\"constable/sha256\":$s,"
				      "\"constable/elapsed_ms\":1}}}",
				      call->id, text, token_hash(text, strlen(text), hash)));
}

struct late {
	struct member *member;
	char id[FLEET_CALL_BYTES];
};

static void handle_late(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct late *late = data;
	const struct fleet_call *call = find(late->member, late->id);

	if (call && late->member->is_up)
		respond(late->member, call);
	free(late);
}

/* As if it took a while. */
static void respond_late(struct member *member, const struct fleet_call *call)
{
	const struct timeval delay = { .tv_usec = (suseconds_t)member->fleet->delay_ms * 1000 };
	struct late *late = calloc(1, sizeof(*late));

	if (!late)
		abort();
	late->member = member;
	text_format(late->id, sizeof(late->id), "%s", call->id);
	if (event_base_once(member->fleet->base, -1, EV_TIMEOUT, handle_late, late, &delay) < 0)
		abort();
}

static void list_tools(struct member *member, json_t *id)
{
	member_send(member, jsonrpc_format_result(id, json_incref(member->fleet->tools)));
}

static void run(struct member *member, const char *id, const char *tool)
{
	struct fleet_counters *counters = &member->fleet->counters;
	struct fleet_call *call = find(member, id);

	if (call) {
		counters->given_again++;
		counters->started_twice += call->is_acknowledged;
	} else {
		counters->calls++;
		call = add(member, id);
		call->text = json_get_text(member->fleet->results, tool, NULL);
	}
	if (member->fleet->delay_ms)
		respond_late(member, call);
	else
		respond(member, call);
}

static void acknowledge(struct member *member, const char *id)
{
	struct fleet_call *call = find(member, id);

	if (!call || call->is_acknowledged)
		return;
	call->is_acknowledged = true;
	member->fleet->counters.acknowledged++;
}

void member_take(struct member *member, const struct jsonrpc_message *message)
{
	if (strcmp(message->method, "tools/call") == 0)
		run(member, json_string_value(message->id),
		    json_get_text(message->params, "name", ""));
	else if (strcmp(message->method, "tools/list") == 0 && member->fleet->tools)
		list_tools(member, message->id);
	else if (strcmp(message->method, "calls/acknowledge") == 0)
		acknowledge(member, json_get_text(message->params, "call_id", ""));
}

void member_repeat(struct member *member)
{
	for (unsigned i = 0; i < member->n_calls; i++)
		if (!member->calls[i].is_acknowledged)
			respond(member, &member->calls[i]);
}

json_t *member_list_calls(const struct member *member)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < member->n_calls; i++)
		if (!member->calls[i].is_acknowledged)
			json_push(list, json_pack("{s:s, s:s}", "call_id", member->calls[i].id,
						  "state", "finished"));
	return list;
}
