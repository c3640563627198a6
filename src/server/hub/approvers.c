/* The lists of approvers: passed through to those who check them. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

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

static void say_so(struct hub *hub, const char *org)
{
	relay_hint(hub, "approvers", &(struct hub_hint) { org, "", "", "" });
}

void hub_set_approvers(struct hub *hub, const char *org, json_t *sealed)
{
	struct hub_approvers *list = get(hub, org);

	json_put(list->members, "approvers", sealed);
	tell_all(hub, list);
	say_so(hub, org);
}

static void add_revocation(json_t *members, json_t *sealed)
{
	json_t *revoked = json_object_get(members, "revoked");

	if (!revoked) {
		revoked = json_array();
		json_put(members, "revoked", revoked);
	}
	if (json_array_size(revoked) >= HUB_MAX_REVOKED)
		(void)json_array_remove(revoked, 0);
	json_push(revoked, sealed);
}

void hub_add_revocation(struct hub *hub, const char *org, json_t *sealed)
{
	struct hub_approvers *list = get(hub, org);

	add_revocation(list->members, sealed);
	tell_all(hub, list);
	say_so(hub, org);
}

/* As the store has it of one org, whose rows 'revoked' are from '*at' on. */
static json_t *members_of(const struct store_rows *orgs, unsigned row,
			  const struct store_rows *revoked, unsigned *at)
{
	const char *org = store_text_at(orgs, row, 0);
	json_t *members = json_object(), *sealed;

	sealed = json_loads(store_text_at(orgs, row, 1), 0, NULL);
	if (sealed)
		json_put(members, "approvers", sealed);
	for (; *at < revoked->n_rows && strcmp(store_text_at(revoked, *at, 0), org) <= 0; ++*at) {
		sealed = strcmp(store_text_at(revoked, *at, 0), org) == 0
				 ? json_loads(store_text_at(revoked, *at, 1), 0, NULL)
				 : NULL;
		if (sealed)
			add_revocation(members, sealed);
	}
	return members;
}

static void handle_looked(struct hub_op *op, const struct store_result *result,
			  const struct error *err)
{
	unsigned at = 0;

	for (unsigned i = 0; !err && i < result->steps[0].n_rows; i++) {
		json_t *members = members_of(&result->steps[0], i, &result->steps[1], &at);
		struct hub_approvers *list;

		if (json_object_size(members) == 0) {
			json_decref(members);
			continue;
		}
		list = get(op->hub, store_text_at(&result->steps[0], i, 0));
		if (json_equal(list->members, members)) {
			json_decref(members);
			continue;
		}
		json_decref(list->members);
		list->members = members;
		tell_all(op->hub, list);
	}
}

void approvers_look(struct hub *hub)
{
	struct hub_op *op = hub_op_new(hub, STORE_EVERY_ORG, NULL, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_looked;
	BATCH_ADD(&batch, STORE_ANY, "SELECT id, approvers FROM orgs WHERE id >= $1 ORDER BY id",
		  store_text(""));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT org, revocation FROM grants WHERE org >= $1 AND revoked IS NOT NULL"
		  " AND expires > $2 ORDER BY org, revoked",
		  store_text(""), store_int((int64_t)clock_wall_ns()));
	hub_op_submit_every_org(op, &batch);
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
