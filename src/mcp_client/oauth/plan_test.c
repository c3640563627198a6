/* The way to a login, turn by turn, against what servers may say. */
#include "mcp_client/oauth/plan.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "mcp_client/oauth/login.h"
#include "mcp_client/oauth/place.h"

#define SERVER "https://mcp.example/team/mcp"
#define ISSUER "https://login.example/tenant"
#define REDIRECT "https://us.example/callback"
#define SELF_NAME "constable"

static const struct oauth_self self = { .redirect_uri = REDIRECT, .name = SELF_NAME };

static struct oauth_plan plan_of(const struct oauth_self *who)
{
	return (struct oauth_plan) { .self = who, .server_url = SERVER };
}

static json_t *resource_document(void)
{
	return json_pack("{s:s, s:[s], s:[s, s]}", "resource", SERVER, "authorization_servers",
			 ISSUER, "scopes_supported", "read", "write");
}

static json_t *issuer_document(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:[s, s]}", "issuer", ISSUER,
			 "authorization_endpoint", ISSUER "/authorize?x=1", "token_endpoint",
			 ISSUER "/token", "registration_endpoint", ISSUER "/register",
			 "code_challenge_methods_supported", "S256",
			 "token_endpoint_auth_methods_supported", "none", "client_secret_post");
}

static struct oauth_next next_of(struct oauth_plan *plan)
{
	struct oauth_next next;
	struct error err = { 0 };

	oauth_plan_next(plan, &next, &err);
	CHECK((next.turn == OAUTH_GIVE_UP) == (err.code < 0));
	return next;
}

/* Takes 'document'. */
static int take(struct oauth_plan *plan, unsigned status, json_t *document)
{
	CLEANUP(json) json_t *owned = document;
	struct error err = { 0 };
	int r = oauth_plan_take(plan, status, owned, &err);

	CHECK(r == 0 || *err.text);
	return r;
}

static void expect_get(struct oauth_plan *plan, const char *url)
{
	struct oauth_next next = next_of(plan);

	CHECK_INT(next.turn, OAUTH_GET);
	CHECK_TEXT(next.url, url);
}

TEST(metadata_is_looked_for_in_the_order_of_mcp)
{
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);

	expect_get(&plan, "https://mcp.example/.well-known/oauth-protected-resource/team/mcp");
	CHECK_INT(take(&plan, 404, NULL), 0);
	expect_get(&plan, "https://mcp.example/.well-known/oauth-protected-resource");
	CHECK_INT(take(&plan, 200, resource_document()), 0);
	expect_get(&plan, "https://login.example/.well-known/oauth-authorization-server/tenant");
	CHECK_INT(take(&plan, 200, NULL), 0); /* a page for people */
	expect_get(&plan, "https://login.example/.well-known/openid-configuration/tenant");
	CHECK_INT(take(&plan, 404, NULL), 0);
	expect_get(&plan, "https://login.example/tenant/.well-known/openid-configuration");
	CHECK_INT(take(&plan, 500, issuer_document()), 0);
	CHECK_INT(next_of(&plan).turn, OAUTH_GIVE_UP);
}

TEST(a_challenge_that_names_metadata_is_followed_there_alone)
{
	struct oauth_challenge challenge = { .resource_metadata = "https://mcp.example/meta.json" };
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);

	plan.challenge = &challenge;
	expect_get(&plan, "https://mcp.example/meta.json");
	CHECK_INT(take(&plan, 404, NULL), 0);
	CHECK_INT(next_of(&plan).turn, OAUTH_GIVE_UP);
}

TEST(no_url_is_asked_that_is_not_https)
{
	static const char *const urls[] = {
		"http://mcp.example/meta",   "file:///etc/passwd",           "javascript:alert(1)",
		"https://a:b@mcp.example/m", "https://mcp.example/\xc3\xa9", "//mcp.example/m"
	};
	struct oauth_challenge challenge = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);

		text_copy(challenge.resource_metadata, OAUTH_URL_BYTES, urls[i]);
		plan.challenge = &challenge;
		CHECK_INT(next_of(&plan).turn, OAUTH_GIVE_UP);
	}
	CHECK(oauth_url_is_good("http://127.0.0.1:1/", COURIER_HTTP_TOO));
	CHECK(!oauth_url_is_good("http://10.0.0.1/", COURIER_HTTP_TOO));
}

TEST(what_is_of_the_same_host_lies_beside)
{
	CHECK(oauth_url_is_beside("https://MCP.example:8443/x", SERVER));
	CHECK(!oauth_url_is_beside("https://login.mcp.example/x", SERVER));
	CHECK(!oauth_url_is_beside("https://mcp.example.evil.example/x", SERVER));
	CHECK(!oauth_url_is_beside("https://10.0.0.1/mcp.example", SERVER));
	CHECK(!oauth_url_is_beside("", "") && !oauth_url_is_beside(SERVER, ""));
}

TEST(a_resource_is_this_server_or_above_it)
{
	CHECK(oauth_resource_fits(SERVER, SERVER));
	CHECK(oauth_resource_fits("https://MCP.example", SERVER));
	CHECK(oauth_resource_fits("https://mcp.example/team/", SERVER));
	CHECK(!oauth_resource_fits("https://mcp.example/team/mc", SERVER));
	CHECK(!oauth_resource_fits("https://mcp.example/team/mcp/more", SERVER));
	CHECK(!oauth_resource_fits("https://mcp.example:444/team/mcp", SERVER));
	CHECK(!oauth_resource_fits("http://mcp.example/team/mcp", SERVER));
	CHECK(!oauth_resource_fits("https://evil.example/team/mcp", SERVER));
	CHECK(!oauth_resource_fits(SERVER "#x", SERVER));
}

/* Up to the registration. */
static void find_issuer(struct oauth_plan *plan, json_t *document)
{
	CHECK_INT(take(plan, 200, resource_document()), 0);
	CHECK_INT(take(plan, 200, document), 0);
}

TEST(metadata_of_another_resource_or_issuer_ends_it)
{
	static const struct {
		const char *key, *value;
	} changes[] = { { "issuer", ISSUER "/" },
			{ "authorization_endpoint", "http://login.example/authorize" },
			{ "authorization_endpoint", "javascript:alert(1)" },
			{ "token_endpoint", "https://login.example/token#x" } };
	json_t *other = resource_document();

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
		json_t *document = issuer_document();

		json_put(document, changes[i].key, json_string(changes[i].value));
		CHECK_INT(take(&plan, 200, resource_document()), 0);
		CHECK_INT(take(&plan, 200, document), -EPROTO);
	}
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
	json_put(other, "resource", json_string("https://evil.example/mcp"));
	CHECK_INT(take(&plan, 200, other), -EPROTO);
}

TEST(an_issuer_without_s256_is_refused)
{
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
	CLEANUP(oauth_plan) struct oauth_plan plain = plan_of(&self);
	json_t *silent = issuer_document(), *weak = issuer_document();

	(void)json_object_del(silent, "code_challenge_methods_supported");
	json_put(weak, "code_challenge_methods_supported", json_pack("[s]", "plain"));
	CHECK_INT(take(&plan, 200, resource_document()), 0);
	CHECK_INT(take(&plan, 200, silent), -EPROTO);
	CHECK_INT(take(&plain, 200, resource_document()), 0);
	CHECK_INT(take(&plain, 200, weak), -EPROTO);
}

TEST(a_client_registers_itself_and_logs_in)
{
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
	struct oauth_next next;
	const char *url;

	find_issuer(&plan, issuer_document());
	next = next_of(&plan);
	CHECK_INT(next.turn, OAUTH_REGISTER);
	CHECK_TEXT(next.url, ISSUER "/register");
	CHECK_TEXT(json_get_text(next.body, "application_type", ""), "web");
	CHECK_TEXT(json_get_text(next.body, "token_endpoint_auth_method", ""),
		   "client_secret_post");
	json_decref(next.body);
	CHECK_INT(
		take(&plan, 201, json_pack("{s:s, s:s}", "client_id", "c1", "client_secret", "s")),
		0);
	next = next_of(&plan);
	CHECK_INT(next.turn, OAUTH_LOG_IN);
	url = json_get_text(next.login, "url", "");
	CHECK(strncmp(url, ISSUER "/authorize?x=1&response_type=code&client_id=c1&", 60) == 0);
	CHECK(strstr(url, "&resource=https%3A%2F%2Fmcp.example%2Fteam%2Fmcp&code_challenge="));
	CHECK(strstr(url, "&code_challenge_method=S256&scope=read%20write"));
	CHECK(!strstr(url, json_get_text(next.login, "verifier", "?")));
	json_decref(next.login);
}

/* What a plan that knows a client with that end does at 'now_s'. */
static enum oauth_turn turn_with(json_int_t end_s, int64_t now_s)
{
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
	CLEANUP(oauth_plan) struct oauth_plan first = plan_of(&self);
	CLEANUP(json) json_t *old = NULL;
	struct oauth_next next;
	enum oauth_turn turn;

	find_issuer(&first, issuer_document());
	CHECK_INT(take(&first, 201,
		       json_pack("{s:s, s:s, s:I}", "client_id", "c1", "client_secret", "s",
				 "client_secret_expires_at", end_s)),
		  0);
	old = json_pack("{s:s, s:O}", "issuer", ISSUER, "client", first.client);
	plan.old = old;
	plan.now_s = now_s;
	find_issuer(&plan, issuer_document());
	next = next_of(&plan);
	turn = next.turn;
	json_decref(next.body);
	json_decref(next.login);
	return turn;
}

TEST(a_client_whose_secret_ends_registers_anew)
{
	CHECK_INT(turn_with(0, 1000000), OAUTH_LOG_IN);
	CHECK_INT(turn_with(1000000, 900000), OAUTH_LOG_IN);
	CHECK_INT(turn_with(1000000, 999700), OAUTH_REGISTER);
	CHECK_INT(turn_with(1000000, 1000001), OAUTH_REGISTER);
}

TEST(credentials_go_to_no_other_issuer)
{
	struct oauth_self known = self;
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&known);
	CLEANUP(oauth_plan) struct oauth_plan again = plan_of(&self);
	CLEANUP(json)
	json_t *old =
		json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "issuer", "https://old.example",
			  "scope", "admin", "client", "issuer", "https://old.example", "id", "old",
			  "method", "none", "redirect_uri", REDIRECT);
	struct oauth_next next;

	known.client_id = "known";
	known.issuer = "https://old.example";
	find_issuer(&plan, issuer_document());
	CHECK_INT(next_of(&plan).turn, OAUTH_GIVE_UP);
	again.old = old;
	find_issuer(&again, issuer_document());
	next = next_of(&again);
	CHECK_INT(next.turn, OAUTH_REGISTER);
	CHECK_TEXT(json_get_text(next.body, "scope", ""), "read write");
	json_decref(next.body);
}

TEST(more_scope_keeps_what_was_asked_for_before)
{
	struct oauth_challenge challenge = { .scope = "write admin" };
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&self);
	CLEANUP(json)
	json_t *old = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "issuer", ISSUER, "scope",
				"read write", "client", "issuer", ISSUER, "id", "c1", "method",
				"none", "redirect_uri", REDIRECT);
	struct oauth_next next;

	plan.challenge = &challenge;
	plan.old = old;
	find_issuer(&plan, issuer_document());
	next = next_of(&plan);
	CHECK_INT(next.turn, OAUTH_LOG_IN);
	CHECK(strstr(json_get_text(next.login, "url", ""), "&scope=read%20write%20admin"));
	json_decref(next.login);
}

TEST(a_document_is_the_client_where_the_issuer_takes_that)
{
	struct oauth_self who = self;
	CLEANUP(oauth_plan) struct oauth_plan plan = plan_of(&who);
	json_t *document = issuer_document();
	struct oauth_next next;

	who.document = "https://us.example/client";
	json_put(document, "client_id_metadata_document_supported", json_true());
	find_issuer(&plan, document);
	next = next_of(&plan);
	CHECK_INT(next.turn, OAUTH_LOG_IN);
	CHECK(strstr(json_get_text(next.login, "url", ""),
		     "client_id=https%3A%2F%2Fus.example%2Fclient&"));
	json_decref(next.login);
}
