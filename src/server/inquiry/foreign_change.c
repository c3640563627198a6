/* An MCP server of others is denied something, disabled or removed while a run asks it. */
#include <string.h>

#include "server/inquiry/ask_internal.h"

static const char rows_sql[] = "SELECT id, enabled, url, policy, changed FROM mcp_servers WHERE "
			       "org = $1 ORDER BY name LIMIT 64";

enum at {
	AT_ID,
	AT_ENABLED,
	AT_URL,
	AT_POLICY,
	AT_CHANGED,
};

static const char *why_gone(const struct foreign *foreign, const struct store_rows *rows,
			    unsigned row)
{
	if (row == rows->n_rows)
		return "this MCP server was removed";
	if (!store_int_at(rows, row, AT_ENABLED))
		return "this MCP server was disabled";
	if (strcmp(store_text_at(rows, row, AT_URL), foreign->server->url) != 0)
		return "this MCP server has another address now";
	return NULL;
}

static bool is_revoked(const struct foreign_tool *tool)
{
	return tool->server->gone || tool->use == MCP_DENY;
}

/* What waits for a person may not be made any more; what runs ends only with its server. */
static struct ask *find_revoked(const struct run *run)
{
	for (unsigned i = 0; i < run->n_legs; i++)
		for (struct ask *ask = run->legs[i].asks; ask; ask = ask->next)
			if (ask->foreign && !ask->ticket &&
			    (ask->foreign->server->gone ||
			     (ask->late && ask->foreign->use == MCP_DENY)))
				return ask;
	return NULL;
}

/* One whose intent is on its way into the store is found there to be judged anew. */
static void end_revoked(const struct run *run)
{
	struct ask *ask;

	while ((ask = find_revoked(run)))
		ask_revoke_foreign(ask, ask->foreign->server->gone
						? ask->foreign->server->gone
						: "this tool of the MCP server was denied");
}

static void withdraw(const struct run *run, const json_t *names)
{
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "withdraw");
	CLEANUP(text) char *text = json_canonical(names);

	if (!json_array_size(names))
		return;
	for (unsigned i = 0; i < run->n_legs; i++)
		leg_send(&run->legs[i], header, (struct str) { text, strlen(text) });
}

static void adopt(struct foreign *foreign, const struct store_rows *rows)
{
	unsigned row = 0;

	while (row < rows->n_rows &&
	       strcmp(store_text_at(rows, row, AT_ID), foreign->server->id) != 0)
		row++;
	if (foreign->gone)
		return; /* once and for all: its tools are offered no more */
	foreign->gone = why_gone(foreign, rows, row);
	if (foreign->gone) {
		run_think(foreign->run, "MCP server %s: %s. Nothing more is asked of it.",
			  foreign->server->name, foreign->gone);
		return;
	}
	json_decref(foreign->server->policy);
	foreign->server->policy = json_loads(store_text_at(rows, row, AT_POLICY), 0, NULL);
	foreign->server->changed = store_int_at(rows, row, AT_CHANGED);
}

static void judge_anew(struct foreign_tool *tool)
{
	enum mcp_use use = mcp_server_use(tool->server->server->policy, tool->entry);

	if (use == MCP_DENY && tool->use != MCP_DENY && !tool->server->gone)
		run_think(tool->server->run, "MCP server %s: its tool %s is denied from now on.",
			  tool->server->server->name, json_get_text(tool->entry, "name", ""));
	/* Denied it stays in this run: it is offered no more. */
	if (tool->use != MCP_DENY)
		tool->use = use;
}

static void handle_rows(const struct store_result *result, const struct error *err, void *data)
{
	struct run *run = data;
	struct foreigners *all = run->foreigners;
	CLEANUP(json) json_t *names = json_array();

	all->ticket = 0;
	/* Where it cannot be read nothing can be recorded, and so nothing is asked. */
	for (unsigned i = 0; !err && i < all->n; i++)
		adopt(&all->list[i], &result->steps[0]);
	for (unsigned i = 0; !err && i < all->n_tools; i++) {
		struct foreign_tool *tool = &all->tools[i];

		judge_anew(tool);
		if (is_revoked(tool) && !tool->is_withdrawn)
			json_push(names, json_string(tool->name));
		tool->is_withdrawn = is_revoked(tool);
	}
	withdraw(run, names);
	end_revoked(run);
	if (all->must_reread)
		run_reread_foreign(run);
}

void run_reread_foreign(struct run *run)
{
	struct foreigners *all = run->foreigners;
	const struct store_value org = store_text(run->org);
	const struct store_step step = { rows_sql, &org, 1, STORE_ANY };

	if (!all)
		return;
	all->must_reread = all->ticket != 0;
	if (all->ticket)
		return;
	all->ticket = store_submit(
		run->inquiries->config.store,
		&(struct store_batch) { .org = run->org, .steps = &step, .n_steps = 1 },
		handle_rows, run);
}

void inquiries_reread_foreign(struct inquiries *inquiries, const char *org)
{
	for (struct run *run = inquiries->runs; run; run = run->next)
		if (!org || strcmp(run->org, org) == 0)
			run_reread_foreign(run);
}
