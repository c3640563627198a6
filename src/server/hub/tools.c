/* The tools of an agent: asked over its link, kept per org and version. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/hub/relay_internal.h"

static struct hub_tools *find(struct hub *hub, const char *org, const char *version)
{
	for (size_t i = 0; i < HUB_CACHED_TOOLS; i++) {
		struct hub_tools *tools = &hub->tools[i];

		if (tools->tools && strcmp(tools->org, org) == 0 &&
		    strcmp(tools->version, version) == 0)
			return tools;
	}
	return NULL;
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub_link *link = data;

	link->tools_id = 0;
	tools_fail(link->entry, -ETIMEDOUT, "the agent did not list its tools in time");
}

void tools_ask(struct hub_link *link)
{
	static const struct timeval deadline = { .tv_sec = HUB_TOOLS_NS / NS_PER_SEC };
	json_t *id;

	if (link->tools_id)
		return;
	link->tools_id = (json_int_t)++link->hub->next_request;
	if (!link->tools_deadline)
		link->tools_deadline =
			event_new(link->hub->config.base, -1, 0, handle_deadline, link);
	if (!link->tools_deadline || event_add(link->tools_deadline, &deadline) < 0)
		abort();
	id = json_integer(link->tools_id);
	link_send(link, jsonrpc_format_request(id, "tools/list", NULL));
	json_decref(id);
}

void hub_list_tools(struct hub *hub, const char *org, const char *agent, hub_tools_done *done,
		    void *data)
{
	struct hub_entry *entry = hub_find(hub, org, agent);
	struct hub_link *link = hub_ready_link(entry);
	struct hub_tools *cached = link ? find(hub, org, link->version) : NULL;
	struct error err = { 0 };
	struct hub_tools_wait *wait;

	if (!link && hub->has_company) {
		tools_ask_elsewhere(hub, org, agent, done, data);
		return;
	}
	if (!link) {
		error_set(&err, -ENOTCONN, "the agent is not connected");
		done(NULL, &err, data);
		return;
	}
	if (cached) {
		done(cached->tools, NULL, data);
		return;
	}
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		abort();
	*wait = (struct hub_tools_wait) { .next = entry->tools_waits, .done = done, .data = data };
	entry->tools_waits = wait;
	tools_ask(link);
}

static void answer(struct hub_entry *entry, const json_t *tools, const struct error *err)
{
	struct hub_tools_wait *wait = entry->tools_waits;

	entry->tools_waits = NULL;
	while (wait) {
		struct hub_tools_wait *next = wait->next;

		wait->done(tools, err, wait->data);
		free(wait);
		wait = next;
	}
}

void tools_fail(struct hub_entry *entry, int code, const char *sentence)
{
	struct error err = { 0 };

	error_set(&err, code, "%s", sentence);
	answer(entry, NULL, &err);
}

static struct hub_tools *keep(struct hub_link *link, json_t *tools)
{
	struct hub *hub = link->hub;
	struct hub_tools *slot = &hub->tools[hub->next_tools++ % HUB_CACHED_TOOLS];

	json_decref(slot->tools);
	slot->tools = json_incref(tools);
	tools_share(hub, link->entry->org, link->version, tools);
	text_format(slot->org, sizeof(slot->org), "%s", link->entry->org);
	text_format(slot->version, sizeof(slot->version), "%s", link->version);
	return slot;
}

void tools_handle(struct hub_link *link, const struct jsonrpc_message *message)
{
	if (!link->tools_id || json_integer_value(message->id) != link->tools_id)
		return;
	link->tools_id = 0;
	(void)event_del(link->tools_deadline);
	if (message->kind == JSONRPC_ERROR ||
	    !json_is_array(json_object_get(message->result, "tools"))) {
		tools_fail(link->entry, -EREMOTEIO, "the agent did not list its tools");
		return;
	}
	answer(link->entry, keep(link, message->result)->tools, NULL);
}

void tools_hear_asked(struct hub *hub, const struct hub_hint *hint)
{
	struct hub_link *link = hub_ready_link(hub_find(hub, hint->org, hint->agent));
	const struct hub_tools *cached = link ? find(hub, hint->org, link->version) : NULL;

	if (cached)
		tools_share(hub, hint->org, link->version, cached->tools);
	else if (link)
		tools_ask(link);
}

void tools_drop(struct hub *hub)
{
	for (size_t i = 0; i < HUB_CACHED_TOOLS; i++)
		json_decref(hub->tools[i].tools);
}
