/* The documented login: a key, given as a password, comes back as the token that it is. */
#include "server/api/exchange.h"
#include "server/api/routes.h"

static void answer(struct exchange *exchange)
{
	if (exchange->caller.role < ROLE_VIEWER) {
		exchange_refuse(exchange, 403, NULL, "this key is not a person's");
		return;
	}
	http_reply_header(exchange->http, "Cache-Control", "no-store");
	exchange_answer(exchange, json_pack("{s:s, s:s, s:s, s:s}", "access_token",
					    exchange_member(exchange, "password", ""), "token_type",
					    "bearer", "organization_id", exchange->caller.org->id,
					    "role", role_name(exchange->caller.role)));
}

static void post_login(struct exchange *exchange)
{
	exchange_authenticate_key(exchange, exchange_member(exchange, "password", ""), answer);
}

const struct route routes_login[] = {
	{ .method = "POST",
	  .operation = "login",
	  .pattern = "/api/v1/auth/login",
	  .summary =
		  "For documented clients: takes a key as the password. Names are not looked at.",
	  .flags = ROUTE_LIMITED | ROUTE_FORM,
	  .request = SCHEMA_GIVES("\"password\"",
				  "\"username\":" SCHEMA_TEXT ",\"password\":" SCHEMA_TEXT),
	  .response = SCHEMA_GIVES("\"access_token\",\"token_type\"",
				   "\"access_token\":" SCHEMA_TEXT ",\"token_type\":" SCHEMA_TEXT
				   ",\"organization_id\":" SCHEMA_TEXT ",\"role\":" SCHEMA_TEXT),
	  .example = "{\"username\":\"ana\",\"password\":\"cst_0000000000000000\"}",
	  .handle = post_login },
	{ 0 },
};
