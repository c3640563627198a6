#include "tools/network/socket_owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/broker.h"

static int compare_inodes(const void *left, const void *right)
{
	const struct socket_owner *l = left, *r = right;

	return (l->inode > r->inode) - (l->inode < r->inode);
}

void socket_owners_init(struct socket_owners *owners, struct task *task, json_t *result)
{
	CLEANUP(json) json_t *question = json_object();
	CLEANUP(json) json_t *answer = NULL;
	const json_t *list, *one;
	struct error err = { 0 };
	size_t i;

	*owners = (struct socket_owners) { 0 };
	answer = broker_ask(task, BROKER_SOCKET_OWNERS, question, &err);
	if (!answer) {
		tool_unread(result, "owners of sockets", err.code);
		return;
	}
	list = json_object_get(answer, "sockets");
	owners->list = calloc(json_array_size(list) + 1, sizeof(*owners->list));
	if (!owners->list)
		abort();
	json_array_foreach(list, i, one)
	{
		struct socket_owner *owner = &owners->list[owners->n++];

		owner->inode = (uint64_t)json_get_int(one, "inode", 0);
		owner->pid = json_get_int(one, "pid", 0);
		(void)snprintf(owner->comm, sizeof(owner->comm), "%s",
			       json_get_text(one, "comm", ""));
	}
	qsort(owners->list, owners->n, sizeof(*owners->list), compare_inodes);
	if (json_object_get(answer, "unread"))
		json_put(result, "owners_unread", json_incref(json_object_get(answer, "unread")));
}

void socket_owners_finish(struct socket_owners *owners)
{
	free(owners->list);
	*owners = (struct socket_owners) { 0 };
}

void socket_owners_cleanup(struct socket_owners *owners)
{
	socket_owners_finish(owners);
}

const struct socket_owner *socket_owners_find(const struct socket_owners *owners, uint64_t inode)
{
	struct socket_owner wanted = { .inode = inode };

	if (!owners->n || !inode)
		return NULL;
	return bsearch(&wanted, owners->list, owners->n, sizeof(wanted), compare_inodes);
}

void socket_owners_put(const struct socket_owners *owners, uint64_t inode, json_t *entry)
{
	const struct socket_owner *owner = socket_owners_find(owners, inode);

	json_put(entry, "pid", owner ? json_integer(owner->pid) : json_null());
	json_put(entry, "comm", owner ? json_text(owner->comm, strlen(owner->comm)) : json_null());
}
