/*
 * Who is told that something of the offer is another: by subscriptions/listen of 2026-07-28, in a
 * session by itself (lists) and by resources/subscribe.
 */
#include <string.h>

#include "surface/mcp/mcp_internal.h"

static const struct {
	const char *list, *wish, *method;
} changes[] = {
	{ "tools", "toolsListChanged", "notifications/tools/list_changed" },
	{ "prompts", "promptsListChanged", "notifications/prompts/list_changed" },
	{ "resources", "resourcesListChanged", "notifications/resources/list_changed" },
};

/* With the id by which its client knows what it listens to. */
static void tell_listener(const struct mcp_call *call, const char *method, json_t *params)
{
	json_put(params, "_meta", json_pack("{s:O}", MCP_META "subscriptionId", call->request.id));
	mcp_tell(&call->request, jsonrpc_format_notification(method, params));
}

static bool offers(const struct mcp_offer *offer, const char *list)
{
	if (strcmp(list, "prompts") == 0)
		return offer->prompts && offer->prompts_change;
	return strcmp(list, "tools") == 0 ? offer->tools != NULL : offer->resources != NULL;
}

static bool has_text(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

static bool can_watch(const struct mcp *mcp, const char *uri)
{
	const struct mcp_offer *offer = mcp->offer;

	return offer->watch && strlen(uri) < MCP_URI_MAX_BYTES && offer->watch(offer->data, uri);
}

/* Those of a wish's texts that can be had, each once; no member where that is none. */
static void grant(const struct mcp_request *request, const char *wish, json_t *granted,
		  bool (*has)(const struct mcp *mcp, const char *text))
{
	const json_t *wanted =
		json_object_get(json_object_get(request->params, "notifications"), wish);
	json_t *had = json_array(), *text;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)wanted, i, text)
	{
		if (json_is_string(text) && json_array_size(had) < MCP_MAX_WATCHED &&
		    !has_text(had, json_string_value(text)) &&
		    has(request->mcp, json_string_value(text)))
			json_push(had, json_incref(text));
	}
	if (json_array_size(had))
		json_put(granted, wish, had);
	else
		json_decref(had);
}

static bool listens_to(const struct mcp_call *call, const char *wish, const char *text)
{
	return has_text(json_object_get(call->granted, wish), text);
}

bool mcp_listens_to_task(const struct mcp *mcp, const char *id)
{
	const struct mcp_call *call = mcp->calls;

	while (call && !listens_to(call, "taskIds", id))
		call = call->next;
	return call;
}

void mcp_tell_task(struct mcp *mcp, const char *id, json_t *about)
{
	CLEANUP(json) json_t *owned = about;

	for (const struct mcp_call *call = mcp->calls; call; call = call->next)
		if (listens_to(call, "taskIds", id))
			tell_listener(call, "notifications/tasks", json_copy(owned));
}

static bool has_room(const struct mcp *mcp)
{
	unsigned n = 0;

	for (const struct mcp_call *call = mcp->calls; call; call = call->next)
		n += call->granted != NULL;
	return n < MCP_MAX_LISTENERS && mcp->n_calls < MCP_MAX_CALLS;
}

void mcp_listen_start(const struct mcp_request *request)
{
	const json_t *wishes = json_object_get(request->params, "notifications");
	struct mcp_call *call;

	if (!json_is_object(wishes)) {
		mcp_refuse(request, JSONRPC_INVALID_PARAMS, "notifications are an object");
		return;
	}
	if (!has_room(request->mcp)) {
		mcp_refuse(request, JSONRPC_INTERNAL_ERROR, "too many listen already");
		return;
	}
	call = mcp_call_new(request);
	call->granted = json_object();
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (json_get_bool(wishes, changes[i].wish, false) &&
		    offers(request->mcp->offer, changes[i].list))
			json_put(call->granted, changes[i].wish, json_true());
	grant(request, "resourceSubscriptions", call->granted, can_watch);
	grant(request, "taskIds", call->granted, mcp_knows_task);
	tell_listener(call, "notifications/subscriptions/acknowledged",
		      json_pack("{s:O}", "notifications", call->granted));
}

/* --- in sessions -------------------------------------------------------------------------- */

static bool has_session(const struct mcp *mcp)
{
	return mcp->revision && strcmp(mcp->revision, MCP_MODERN) != 0;
}

void mcp_watch_in_session(const struct mcp_request *request)
{
	const char *uri = json_get_text(request->params, "uri", "");
	struct mcp *mcp = request->mcp;

	if (!mcp->watched)
		mcp->watched = json_array();
	if (!has_text(mcp->watched, uri)) {
		if (json_array_size(mcp->watched) >= MCP_MAX_WATCHED || !can_watch(mcp, uri)) {
			mcp_refuse(request, JSONRPC_INVALID_PARAMS,
				   "of no such resource is told that it changes, or too many are "
				   "watched");
			return;
		}
		json_push(mcp->watched, json_string(uri));
	}
	mcp_reply(request, NULL);
}

void mcp_watch_no_more(const struct mcp_request *request)
{
	const char *uri = json_get_text(request->params, "uri", "");
	json_t *watched = request->mcp->watched, *item;
	size_t i;

	json_array_foreach(watched, i, item)
	{
		if (strcmp(json_string_value(item), uri) == 0) {
			(void)json_array_remove(watched, i);
			break;
		}
	}
	mcp_reply(request, NULL);
}

/* --- what is told ------------------------------------------------------------------------- */

void mcp_tell_changed(struct mcp *mcp, const char *list)
{
	const struct mcp_request session = { .mcp = mcp };
	size_t at = 0;

	while (strcmp(changes[at].list, list) != 0)
		at++;
	for (const struct mcp_call *call = mcp->calls; call; call = call->next)
		if (json_get_bool(call->granted, changes[at].wish, false))
			tell_listener(call, changes[at].method, json_object());
	if (has_session(mcp) && offers(mcp->offer, list))
		mcp_tell(&session, jsonrpc_format_notification(changes[at].method, NULL));
}

void mcp_tell_updated(struct mcp *mcp, const char *uri)
{
	static const char method[] = "notifications/resources/updated";
	const struct mcp_request session = { .mcp = mcp };

	for (const struct mcp_call *call = mcp->calls; call; call = call->next)
		if (listens_to(call, "resourceSubscriptions", uri))
			tell_listener(call, method, json_pack("{s:s}", "uri", uri));
	if (has_session(mcp) && has_text(mcp->watched, uri))
		mcp_tell(&session,
			 jsonrpc_format_notification(method, json_pack("{s:s}", "uri", uri)));
}

static void end_listening(struct mcp_call *call)
{
	mcp_reply(&call->request,
		  json_pack("{s:{s:O}}", "_meta", MCP_META "subscriptionId", call->request.id));
	mcp_call_end(call);
}

void mcp_take_leave(struct mcp *mcp, const void *exchange)
{
	struct mcp_call *next;

	for (struct mcp_call *call = mcp->calls; call; call = next) {
		next = call->next;
		if (call->granted && call->request.exchange == exchange)
			end_listening(call);
	}
}
