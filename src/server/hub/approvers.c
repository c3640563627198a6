/* The lists of approvers: passed through to those who check them. */
#include <stdlib.h>
#include <string.h>

#include "server/hub/link_internal.h"

static struct hub_approvers *find(const struct hub *hub, const char *org)
{
	struct hub_approvers *list = hub->approvers;

	while (list && strcmp(list->org, org) != 0)
		list = list->next;
	return list;
}

json_t *approvers_of(const struct hub *hub, const char *org)
{
	const struct hub_approvers *list = find(hub, org);

	return list ? list->members : NULL;
}

static void tell_all(struct hub *hub, const struct hub_approvers *list)
{
	for (unsigned i = 0; i < HUB_BUCKETS; i++) {
		for (struct hub_entry *entry = hub->entries[i]; entry; entry = entry->next) {
			struct hub_link *link = hub_ready_link(entry);

			if (!link || strcmp(entry->org, list->org) != 0)
				continue;
			link_send(link, jsonrpc_format_notification("approvers/update",
								    json_copy(list->members)));
		}
	}
}

static struct hub_approvers *get(struct hub *hub, const char *org)
{
	struct hub_approvers *list = find(hub, org);

	if (list)
		return list;
	list = calloc(1, sizeof(*list));
	if (!list)
		abort();
	text_format(list->org, sizeof(list->org), "%s", org);
	list->members = json_object();
	list->next = hub->approvers;
	hub->approvers = list;
	return list;
}

void hub_set_approvers(struct hub *hub, const char *org, json_t *sealed)
{
	struct hub_approvers *list = get(hub, org);

	json_put(list->members, "approvers", sealed);
	tell_all(hub, list);
}

void hub_add_revocation(struct hub *hub, const char *org, json_t *sealed)
{
	struct hub_approvers *list = get(hub, org);
	json_t *revoked = json_object_get(list->members, "revoked");

	if (!revoked) {
		revoked = json_array();
		json_put(list->members, "revoked", revoked);
	}
	if (json_array_size(revoked) >= HUB_MAX_REVOKED)
		(void)json_array_remove(revoked, 0);
	json_push(revoked, sealed);
	tell_all(hub, list);
}

void approvers_drop(struct hub *hub)
{
	while (hub->approvers) {
		struct hub_approvers *list = hub->approvers;

		hub->approvers = list->next;
		json_decref(list->members);
		free(list);
	}
}
