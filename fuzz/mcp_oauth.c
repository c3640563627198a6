/*
 * What MCP servers and their issuers say of logging in: a WWW-Authenticate field, then documents,
 * one a line, answered one after the other. Only good URLs are asked or shown, and of what one
 * issuer registers nothing is taken to another.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "mcp_client/oauth/login.h"
#include "mcp_client/oauth/place.h"
#include "mcp_client/oauth/plan.h"
#include "mcp_client/oauth/scope.h"
#include "mcp_client/oauth/token.h"

#define MAX_TURNS 12

static const struct oauth_self self = { .redirect_uri = "https://us.example/cb", .name = "us" };

static void check_challenge(const struct oauth_challenge *challenge)
{
	char again[OAUTH_SCOPE_BYTES];

	text_copy(again, sizeof(again), challenge->scope);
	oauth_scope_clean(again);
	assert(strcmp(again, challenge->scope) == 0);
	for (const char *at = challenge->resource_metadata; *at; at++)
		assert(*at >= ' ' && *at <= '~');
}

/* A login comes back, and its code is turned in. */
static void come_back(const json_t *login, const char *query, const json_t *document)
{
	CLEANUP(buf) struct buf code = { 0 };
	struct error err = { 0 };
	json_t *grant;

	assert(oauth_url_is_good(
		json_get_text(json_object_get(login, "grant"), "token_endpoint", ""),
		COURIER_HTTPS_ONLY));
	buf_init(&code, OAUTH_CODE_MAX_BYTES);
	if (oauth_login_read(login, query, &code, &err) == 0)
		assert(code.len && strstr(query, "state"));
	grant = oauth_token_read(json_object_get(login, "grant"), 200, document, 1, &err);
	if (grant)
		assert(oauth_is_token(json_get_text(grant, "access_token", "")));
	oauth_forget(grant);
}

static void turn(struct oauth_plan *plan, struct str line, bool *is_over)
{
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(json) json_t *login = NULL;
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(text) char *query = strndup(line.data, line.len);
	struct oauth_next next;
	struct error err = { 0 };

	oauth_plan_next(plan, &next, &err);
	login = next.login;
	body = next.body;
	document = json_parse(line.data, line.len, OAUTH_MAX_BYTES, &(struct error) { 0 });
	*is_over = next.turn == OAUTH_GIVE_UP || next.turn == OAUTH_LOG_IN;
	assert((next.turn == OAUTH_GIVE_UP) == (err.code < 0));
	if (login)
		come_back(login, query, document);
	if (*is_over)
		return;
	assert(oauth_url_is_good(next.url, COURIER_HTTPS_ONLY));
	*is_over = oauth_plan_take(plan, 200, document, &err) < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text) char *text = strndup((const char *)data, size);
	CLEANUP(text) char *field = NULL;
	CLEANUP(oauth_plan)
	struct oauth_plan plan = { .self = &self, .server_url = "https://mcp.example/mcp" };
	struct oauth_challenge challenge = { 0 };
	const char *at = text;
	struct str line;
	bool is_over = false;

	if (!scan_line(&at, &line))
		return 0;
	field = strndup(line.data, line.len);
	if (oauth_challenge_parse(field, &challenge))
		plan.challenge = &challenge;
	check_challenge(&challenge);
	for (unsigned i = 0; i < MAX_TURNS && !is_over && scan_line(&at, &line); i++)
		turn(&plan, line, &is_over);
	return 0;
}
