/* What a person comes back with, and what the token endpoint is asked and answers. */
#include "mcp_client/oauth/login.h"

#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "base/test.h"
#include "mcp_client/oauth/token.h"

#define ISSUER "https://login.example"

static json_t *login_of(bool needs_iss, const char *method)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:b, s:{s:s, s:s, s:s}, s:s}}", "state",
			 "abc", "verifier", "v", "redirect_uri", "https://us.example/cb", "grant",
			 "issuer", ISSUER, "resource", "https://mcp.example/mcp", "token_endpoint",
			 ISSUER "/token", "needs_iss", needs_iss, "client", "id", "c:1", "secret",
			 "s+ecret", "method", method, "refresh_token", "r1");
}

/* The code, or the negative errno in 'r_out'. */
static void expect(bool needs_iss, const char *query, int r, const char *code)
{
	CLEANUP(json) json_t *login = login_of(needs_iss, "none");
	CLEANUP(buf) struct buf found = { 0 };
	struct error err = { 0 };

	buf_init(&found, OAUTH_CODE_MAX_BYTES);
	CHECK_INT(oauth_login_read(login, query, &found, &err), r);
	CHECK_TEXT(buf_text(&found), code);
	CHECK(!strstr(err.text, "evil"));
}

TEST(an_answer_gives_its_code)
{
	expect(false, "code=x%2Fy&state=abc", 0, "x/y");
	expect(true, "code=x&state=abc&iss=https%3A%2F%2Flogin.example", 0, "x");
}

TEST(an_answer_of_another_login_is_refused)
{
	expect(false, "code=x&state=abd", -EPROTO, "");
	expect(false, "code=x&state=", -EPROTO, "");
	expect(false, "code=x", -EPROTO, "");
	expect(false, "code=x&state=abc&state=abd", -EPROTO, "");
	expect(false, "code=x&code=y&state=abc", -EPROTO, "");
	expect(false, "state=abc&code=%zz", -EPROTO, "");
}

TEST(an_issuer_is_compared_letter_by_letter)
{
	expect(true, "code=x&state=abc", -EPROTO, "");
	expect(true, "code=x&state=abc&iss=https://login.example/", -EPROTO, "");
	expect(true, "code=x&state=abc&iss=HTTPS://login.example", -EPROTO, "");
	expect(false, "code=x&state=abc&iss=https://evil.example", -EPROTO, "");
}

TEST(what_another_issuer_says_is_not_shown)
{
	expect(false, "error=evil&state=abc&iss=https://evil.example", -EPROTO, "");
	expect(false, "error=access_denied&state=abc", -EACCES, "");
}

static void ask(const char *method, struct buf *form, struct buf *authorization)
{
	CLEANUP(json) json_t *login = login_of(false, method);

	buf_init(form, OAUTH_MAX_BYTES);
	buf_init(authorization, OAUTH_MAX_BYTES);
	oauth_code_request(login, "x/y", form, authorization);
}

TEST(a_client_shows_itself_as_it_is_registered)
{
	CLEANUP(buf) struct buf form = { 0 };
	CLEANUP(buf) struct buf authorization = { 0 };
	CLEANUP(text) char *basic = base64_text("c%3A1:s%2Becret", 15);

	ask("client_secret_basic", &form, &authorization);
	CHECK(strncmp(authorization.data, "Basic ", 6) == 0);
	CHECK_TEXT(authorization.data + 6, basic);
	CHECK_TEXT(form.data, "grant_type=authorization_code&code=x%2Fy&redirect_uri="
			      "https%3A%2F%2Fus.example%2Fcb&code_verifier=v&resource="
			      "https%3A%2F%2Fmcp.example%2Fmcp");
}

TEST(a_secret_is_shown_only_where_it_is_wanted)
{
	CLEANUP(buf) struct buf form = { 0 };
	CLEANUP(buf) struct buf authorization = { 0 };
	CLEANUP(buf) struct buf public = { 0 };
	CLEANUP(buf) struct buf none = { 0 };

	ask("client_secret_post", &form, &authorization);
	CHECK(strstr(form.data, "&client_id=c%3A1&client_secret=s%2Becret"));
	CHECK_TEXT(buf_text(&authorization), "");
	ask("none", &public, &none);
	CHECK(strstr(public.data, "&client_id=c%3A1") && !strstr(public.data, "secret"));
}

/* Takes 'document'; the grant, or NULL with the code in 'r_out'. */
static json_t *answer(unsigned status, json_t *document, int *r_out)
{
	CLEANUP(json) json_t *login = login_of(false, "none");
	CLEANUP(json) json_t *owned = document;
	struct error err = { 0 };
	json_t *grant =
		oauth_token_read(json_object_get(login, "grant"), status, owned, 1000, &err);

	*r_out = err.code;
	return grant;
}

TEST(a_token_is_kept_with_its_end)
{
	int r;
	CLEANUP(json)
	json_t *grant = answer(200,
			       json_pack("{s:s, s:s, s:i, s:s}", "access_token", "t1", "token_type",
					 "bearer", "expires_in", 60, "refresh_token", "r2"),
			       &r);
	CLEANUP(json)
	json_t *other = answer(
		200, json_pack("{s:s, s:s}", "access_token", "t1", "token_type", "Bearer"), &r);

	CHECK_TEXT(json_get_text(grant, "access_token", ""), "t1");
	CHECK_INT(json_get_int(grant, "expires_at", 0), 1060);
	CHECK_TEXT(json_get_text(grant, "refresh_token", ""), "r2");
	CHECK_TEXT(json_get_text(other, "refresh_token", ""), "r1");
	CHECK(!json_object_get(other, "expires_at"));
}

TEST(a_refusal_is_told_from_a_failure)
{
	int r;

	CHECK(!answer(400, json_pack("{s:s}", "error", "invalid_grant"), &r));
	CHECK_INT(r, -EACCES);
	CHECK(!answer(401, json_pack("{s:s}", "error", "unauthorized_client"), &r));
	CHECK_INT(r, -EACCES);
	CHECK(!answer(401, json_pack("{s:s}", "error", "invalid_client"), &r));
	CHECK_INT(r, -EKEYREVOKED);
	CHECK(!answer(503, NULL, &r));
	CHECK_INT(r, -EPROTO);
	CHECK(!answer(403, NULL, &r)); /* a page of what stands before it */
	CHECK_INT(r, -EPROTO);
	CHECK(!answer(400, json_pack("{s:s}", "error", "temporarily_unavailable"), &r));
	CHECK_INT(r, -EPROTO);
	CHECK(!answer(500, json_pack("{s:s}", "error", "invalid_grant"), &r));
	CHECK_INT(r, -EPROTO);
	CHECK(!answer(200, json_pack("{s:s, s:s}", "access_token", "a b", "token_type", "bearer"),
		      &r));
	CHECK_INT(r, -EPROTO);
	CHECK(!answer(200, json_pack("{s:s, s:s}", "access_token", "a", "token_type", "DPoP"), &r));
	CHECK_INT(r, -EPROTO);
}
