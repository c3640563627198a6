#include "server/inquiry/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "server/inquiry/inquiries_internal.h"

static void handle_changed(void *data)
{
	((struct foreign *)data)->is_stale = true;
}

/* Before a restart; those that were refused count as well. */
static unsigned asked_before(const struct run *run, const char *name)
{
	const json_t *item;
	unsigned n = 0;
	size_t i;

	json_array_foreach(run->recorded, i, item) n +=
		strcmp(json_get_text(item, "tool", ""), name) == 0;
	return n;
}

static void add_tool(struct foreign *foreign, const json_t *entry)
{
	struct run *run = foreign->run;
	const char *own = json_get_text(entry, "name", "");
	struct foreigners *all = run->foreigners;
	struct foreign_tool *tool = &all->tools[all->n_tools];
	enum mcp_use use = mcp_server_use(foreign->server->policy, entry);

	if (use == MCP_DENY || all->n_tools == FOREIGN_MAX_TOOLS)
		return;
	offer_name(foreign->server->name, own, tool->name);
	if (foreign_find(run, tool->name))
		return;
	tool->server = foreign;
	tool->entry = json_incref((json_t *)(uintptr_t)entry);
	tool->use = use;
	all->n_tools++;
	foreign->n_calls += asked_before(run, tool->name);
	run->n_changes += use == MCP_ALLOW ? 0 : asked_before(run, tool->name);
	if (use == MCP_CHANGED)
		run_think(run,
			  "MCP server %s: its tool %s is not any more what was allowed, so a "
			  "person has to approve each call.",
			  foreign->server->name, own);
}

static void handle_gathered(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct run *run = data;

	event_free(TAKE(run->foreigners->gathered));
	run_begin(run);
}

/* From the loop: a client is not to be freed while it tells. */
static void look_whether_all(struct run *run)
{
	static const struct timeval now = { 0 };
	struct foreigners *all = run->foreigners;

	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i].listing)
			return;
	all->gathered = event_new(run->inquiries->config.base, -1, 0, handle_gathered, run);
	if (!all->gathered || event_add(all->gathered, &now) < 0)
		abort();
}

static void handle_listed(const json_t *tools, const json_t *left_out UNUSED,
			  const struct error *err, void *data)
{
	struct foreign *foreign = data;
	struct run *run = foreign->run;
	const json_t *tool;
	size_t i;

	foreign->listing = NULL;
	json_array_foreach(tools, i, tool) add_tool(foreign, tool);
	if (err)
		run_think(run, "MCP server %s: %s. Its tools are left out.", foreign->server->name,
			  err->text);
	else if (json_array_size(tools) && run->foreigners->n_tools == FOREIGN_MAX_TOOLS)
		run_think(run, "MCP server %s: only %d tools of such servers are offered.",
			  foreign->server->name, FOREIGN_MAX_TOOLS);
	look_whether_all(run);
}

static void begin(struct foreign *foreign)
{
	const struct run *run = foreign->run;
	struct error err = { 0 };

	foreign->client = mcp_server_connect(run->inquiries->config.mcp_servers, run->org,
					     foreign->server, &err);
	if (!foreign->client) {
		run_think(foreign->run, "MCP server %s: %s. Its tools are left out.",
			  foreign->server->name, err.text);
		return;
	}
	mcp_client_watch(foreign->client, handle_changed, foreign);
	foreign->listing =
		mcp_listing_start(foreign->client, MCP_SERVER_LIST_NS, handle_listed, foreign);
}

void run_gather(struct run *run, const struct store_rows *servers)
{
	unsigned n = run->inquiries->config.mcp_servers ? servers->n_rows : 0;
	struct foreigners *all;

	if (n == 0) {
		run_begin(run);
		return;
	}
	all = calloc(1, sizeof(*all));
	if (!all)
		abort();
	run->foreigners = all;
	all->list = calloc(n, sizeof(*all->list));
	if (!all->list)
		abort();
	all->n = n;
	for (unsigned i = 0; i < n; i++) {
		all->list[i].run = run;
		all->list[i].server = mcp_server_read(servers, i);
		all->list[i].entered = json_array();
		begin(&all->list[i]);
	}
	look_whether_all(run);
}

void run_forget_foreign(struct run *run)
{
	struct foreigners *all = TAKE(run->foreigners);

	if (!all)
		return;
	for (unsigned i = 0; i < all->n_tools; i++)
		json_decref(all->tools[i].entry);
	for (unsigned i = 0; i < all->n; i++) {
		if (all->list[i].listing)
			mcp_listing_cancel(all->list[i].listing);
		if (all->list[i].client)
			mcp_server_leave(run->inquiries->config.mcp_servers, all->list[i].client);
		mcp_server_free(all->list[i].server);
		json_decref(all->list[i].entered);
	}
	if (all->gathered)
		event_free(all->gathered);
	if (all->ticket)
		store_forget(run->inquiries->config.store, all->ticket);
	free(all->list);
	free(all);
}

struct foreign_tool *foreign_find(const struct run *run, const char *name)
{
	struct foreigners *all = run->foreigners;

	for (unsigned i = 0; all && i < all->n_tools; i++)
		if (strcmp(all->tools[i].name, name) == 0)
			return &all->tools[i];
	return NULL;
}

json_t *foreign_offers(const struct run *run, const json_t *tools)
{
	json_t *all = tools ? json_copy((json_t *)(uintptr_t)tools) : json_array();

	for (unsigned i = 0; run->foreigners && i < run->foreigners->n_tools; i++) {
		const struct foreign_tool *tool = &run->foreigners->tools[i];

		if (tool->use == MCP_DENY || tool->server->gone)
			continue;
		json_push(all, offer_new(tool->server->server->name, tool->entry,
					 tool->use == MCP_ALLOW ? "reads" : "changes"));
	}
	return all;
}
