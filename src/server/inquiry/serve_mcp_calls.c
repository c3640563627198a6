/* Calls of MCP servers of others that wait for a person: listed, approved, refused. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/inquiry/appeal.h"
#include "server/inquiry/routes.h"

static const char open_sql[] =
	"SELECT a.id, a.investigation, i.caller, a.asked, a.expires, a.data FROM appeals a JOIN "
	"investigations i ON i.org = a.org AND i.id = a.investigation WHERE a.org = $1 AND "
	"a.kind = 'tool' AND a.state = 'open' AND a.expires > $2 AND (CAST($3 AS TEXT) IS NULL OR "
	"a.id = $3) ORDER BY a.asked, a.id LIMIT 256";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "investigation", COLUMN_TEXT },
	{ "caller", COLUMN_TEXT },
	{ "asked", COLUMN_TIME },
	{ "expires", COLUMN_TIME },
	{ "call", COLUMN_JSON },
	{ 0 },
};

#define AT_CALLER 2

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "mcp_calls", columns));
}

static void get_mcp_calls(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(open_sql, STORE_ANY, exchange_org(exchange),
						 exchange_now(), store_null()),
			1, handle_list);
}

static void handle_missing(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "no such call waits for an approval");
	else
		exchange_fail(exchange, err);
}

/* Once, from whoever gave it on. */
static void handle_given(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct exchange *exchange = data;

	if (err) {
		handle_missing(exchange, err);
		return;
	}
	exchange_recorded(exchange);
	exchange_answer(exchange, json_pack("{s:b, s:s}", "ok", 1, "id", exchange->params[0]));
}

static void handle_open(struct exchange *exchange, const struct store_result *result)
{
	const char *decision = exchange_member(exchange, "decision", "");
	bool approves = strcmp(decision, "approve") == 0;
	struct store_step audit;

	if (approves && inquiry_is_author(exchange, store_text_at(&result->steps[0], 0, AT_CALLER),
					  &result->steps[1])) {
		exchange_refuse(exchange, 403, NULL,
				"somebody else than who asked for the investigation approves what "
				"it does, and of one by an access token an approver of the org");
		return;
	}
	audit = exchange_audit(exchange, approves ? "mcp-call.approve" : "mcp-call.refuse",
			       exchange->params[0], NULL);
	appeal_give(exchange->api->inquiries,
		    &(struct appeal_answer) {
			    .org = exchange->caller.org->id,
			    .id = exchange->params[0],
			    .say = approves ? APPEAL_APPROVE : APPEAL_REFUSE,
			    .by = exchange->caller.name,
			    .record = &audit,
			    .done = handle_given,
			    .data = exchange,
		    });
}

static void post_mcp_call(struct exchange *exchange)
{
	struct store_value values[2];
	struct store_step steps[1 + INQUIRY_AUTHOR_STEPS] = {
		STEP(open_sql, STORE_SOME, exchange_org(exchange), exchange_now(),
		     store_text(exchange->params[0])),
	};

	inquiry_author_steps(exchange, values, &steps[1]);
	exchange->failed = handle_missing;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_open);
}

#define ROW                                                                  \
	SCHEMA_GIVES("\"id\",\"investigation\",\"call\"",                    \
		     "\"id\":" SCHEMA_TEXT ",\"investigation\":" SCHEMA_TEXT \
		     ",\"caller\":" SCHEMA_TEXT ",\"asked\":" SCHEMA_TEXT    \
		     ",\"expires\":" SCHEMA_TEXT ",\"call\":{\"type\":\"object\"}")

const struct route routes_mcp_calls[] = {
	{ .method = "GET",
	  .operation = "list_mcp_calls",
	  .pattern = "/api/v1/mcp-calls",
	  .summary = "Calls of MCP servers of others that wait until a person approves them.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("mcp_calls", ROW),
	  .handle = get_mcp_calls },
	{ .method = "POST",
	  .operation = "decide_mcp_call",
	  .pattern = "/api/v1/mcp-calls/{mcp_call_id}",
	  .summary = "Approves exactly that call, or refuses it; not by who asked for the "
		     "investigation.",
	  .least = ROLE_APPROVER,
	  .request =
		  SCHEMA_STRICT("\"decision\"", "\"decision\":{\"enum\":[\"approve\",\"refuse\"]}"),
	  .response = SCHEMA_GIVES("\"ok\",\"id\"", "\"ok\":" SCHEMA_FLAG ",\"id\":" SCHEMA_TEXT),
	  .example = "{\"decision\":\"refuse\"}",
	  .handle = post_mcp_call },
	{ 0 },
};
