/*
 * POST /api/v1/mcp-servers/{mcp_server_id}/test: what a server speaks and offers, and what of it
 * may run. Nothing is called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/exchange.h"
#include "server/mcp/mcp_servers_internal.h"

static const char one_sql[] =
	"SELECT " MCP_SERVER_COLUMNS " FROM mcp_servers WHERE org = $1 AND id = $2";

struct mcp_trial {
	struct mcp_trial *next, **link;
	struct mcp_servers *servers;
	struct exchange *exchange;
	struct mcp_server *server;
	struct mcp_client *client;
	struct mcp_listing *listing; /* NULL once it has ended */
};

static void trial_free(struct mcp_trial *trial)
{
	*trial->link = trial->next;
	if (trial->next)
		trial->next->link = trial->link;
	if (trial->listing)
		mcp_listing_cancel(trial->listing);
	mcp_client_free(trial->client);
	mcp_server_free(trial->server);
	free(trial);
}

void mcp_trials_drop(struct mcp_servers *servers)
{
	while (servers->trials) {
		if (servers->trials->exchange) /* it is answered, and only its session ends */
			exchange_refuse(servers->trials->exchange, 503, NULL,
					"the server is about to end");
		trial_free(servers->trials);
	}
}

static json_t *describe(const struct mcp_trial *trial, const json_t *tools, const json_t *left_out)
{
	json_t *list = json_array();
	const char *version = mcp_client_version(trial->client);
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i, tool)
	{
		json_t *shown = json_copy((json_t *)(uintptr_t)tool);

		json_put(shown, "use",
			 json_string(mcp_use_name(mcp_server_use(trial->server->policy, tool))));
		json_push(list, shown);
	}
	return json_pack("{s:s, s:s, s:o, s:O}", "name", trial->server->name, "protocol",
			 version ? version : "", "tools", list, "left_out", left_out);
}

/* Its client is freed when the listing, whose callback this is, is done with it. */
static void handle_over(void *data)
{
	struct mcp_trial *trial = data;

	trial->client = NULL;
	trial_free(trial);
}

static void handle_listed(const json_t *tools, const json_t *left_out, const struct error *err,
			  void *data)
{
	struct mcp_trial *trial = data;

	trial->listing = NULL;
	if (err)
		exchange_refuse(trial->exchange, err->code == -ETIMEDOUT ? 504 : 502, NULL, "%s",
				err->text);
	else
		exchange_answer(trial->exchange, describe(trial, tools, left_out));
	trial->exchange = NULL;
	mcp_client_end(trial->client, handle_over, trial);
}

static void begin(struct exchange *exchange, struct mcp_server *server, struct mcp_client *client)
{
	struct mcp_servers *servers = exchange->api->mcp_servers;
	struct mcp_trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		abort();
	*trial = (struct mcp_trial) {
		.next = servers->trials,
		.link = &servers->trials,
		.servers = servers,
		.exchange = exchange,
		.server = server,
		.client = client,
	};
	if (trial->next)
		trial->next->link = &trial->next;
	servers->trials = trial;
	trial->listing = mcp_listing_start(client, MCP_SERVER_LIST_NS, handle_listed, trial);
}

static void handle_row(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(mcp_server) struct mcp_server *server = mcp_server_read(&result->steps[0], 0);
	struct error err = { 0 };
	struct mcp_client *client = mcp_server_connect(exchange->api->mcp_servers,
						       exchange->caller.org->id, server, &err);

	if (client)
		begin(exchange, TAKE(server), client);
	else
		exchange_refuse(exchange, 502, NULL, "%s", err.text);
}

void mcp_serve_trial(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_row);
}
