#include "mcp_client/oauth/login.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/encoding.h"
#include "identity/file.h"
#include "identity/token.h"
#include "mcp_client/oauth/scope.h"
#include "net/http.h"

#define SECRET_BYTES (2 * NONCE_TEXT_BYTES)
#define LOGIN_URL_BYTES (3 * OAUTH_URL_BYTES)
#define SHOWN_BYTES 64

void oauth_form_escape(struct buf *form, const char *value)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *value; value++) {
		if (strchr(plain, *value))
			buf_add(form, value, 1);
		else
			buf_add_format(form, "%%%02X", (unsigned char)*value);
	}
}

void oauth_form_add(struct buf *form, const char *name, const char *value)
{
	buf_add_format(form, "%s%s=", form->len ? "&" : "", name);
	oauth_form_escape(form, value);
}

/* 256 random bits, of the characters that a verifier may have. */
static void make_secret(char secret[SECRET_BYTES])
{
	char half[2][NONCE_TEXT_BYTES];

	text_format(secret, SECRET_BYTES, "%s%s", nonce_make(half[0]), nonce_make(half[1]));
	explicit_bzero(half, sizeof(half));
}

static void add_challenge(struct buf *form, const char *verifier)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	CLEANUP(text) char *challenge = NULL;

	SHA256((const unsigned char *)verifier, strlen(verifier), digest);
	challenge = base64url_text(digest, sizeof(digest));
	oauth_form_add(form, "code_challenge", challenge);
	oauth_form_add(form, "code_challenge_method", "S256");
}

static void add_query(struct buf *form, const json_t *login, const char *resource,
		      const char *client_id, const char *scope)
{
	oauth_form_add(form, "response_type", "code");
	oauth_form_add(form, "client_id", client_id);
	oauth_form_add(form, "redirect_uri", json_get_text(login, "redirect_uri", ""));
	oauth_form_add(form, "state", json_get_text(login, "state", ""));
	oauth_form_add(form, "resource", resource);
	add_challenge(form, json_get_text(login, "verifier", ""));
	if (*scope)
		oauth_form_add(form, "scope", scope);
	if (oauth_scope_has(scope, "offline_access")) /* OpenID Connect Core, section 11 */
		oauth_form_add(form, "prompt", "consent");
}

static json_t *grant_of(const json_t *resource, const json_t *issuer, const json_t *client,
			const char *scope)
{
	return json_pack("{s:O, s:O, s:O, s:O, s:O, s:s}", "issuer",
			 json_object_get(issuer, "issuer"), "resource",
			 json_object_get(resource, "resource"), "token_endpoint",
			 json_object_get(issuer, "token_endpoint"), "needs_iss",
			 json_object_get(issuer, "needs_iss"), "client", client, "scope", scope);
}

json_t *oauth_login_new(const struct oauth_self *self, const json_t *resource, const json_t *issuer,
			const json_t *client, const char *scope, struct error *err)
{
	const char *endpoint = json_get_text(issuer, "authorization_endpoint", "");
	char state[SECRET_BYTES], verifier[SECRET_BYTES];
	CLEANUP(buf) struct buf query = { 0 };
	CLEANUP(buf) struct buf url = { 0 };
	json_t *login;

	make_secret(state);
	make_secret(verifier);
	login = json_pack("{s:s, s:s, s:s, s:o}", "state", state, "verifier", verifier,
			  "redirect_uri", self->redirect_uri, "grant",
			  grant_of(resource, issuer, client, scope));
	explicit_bzero(verifier, sizeof(verifier));
	buf_init(&query, LOGIN_URL_BYTES);
	buf_init(&url, LOGIN_URL_BYTES);
	add_query(&query, login, json_get_text(resource, "resource", ""),
		  json_get_text(client, "id", ""), scope);
	buf_add_format(&url, "%s%s%s", endpoint, strchr(endpoint, '?') ? "&" : "?",
		       buf_text(&query));
	if (query.dropped || url.dropped) {
		error_set(err, -EPROTO, "the URL to log in at is too long");
		oauth_forget(login);
		return NULL;
	}
	json_put(login, "url", json_string(buf_text(&url)));
	return login;
}

/* The one field of that name; NULL where there is none, -EPROTO where there are more. */
static int find(const struct http_form *form, const char *name, const char **value_out)
{
	unsigned n = 0;

	*value_out = NULL;
	for (unsigned i = 0; i < form->n_fields; i++) {
		if (strcmp(form->fields[i].name, name) != 0)
			continue;
		*value_out = form->fields[i].value;
		n++;
	}
	return n > 1 ? -EPROTO : 0;
}

/* RFC 9207 section 2.4, as MCP has it: compared as it is wherever it is said. */
static bool is_of_issuer(const json_t *grant, const char *iss)
{
	if (!iss)
		return !json_get_bool(grant, "needs_iss", false);
	return strcmp(iss, json_get_text(grant, "issuer", "")) == 0;
}

static void clean(const char *text, char shown[SHOWN_BYTES])
{
	size_t n = 0;

	for (; *text && n < SHOWN_BYTES - 1; text++)
		shown[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	shown[n] = '\0';
}

int oauth_login_read(const json_t *login, const char *query, struct buf *code_out,
		     struct error *err)
{
	CLEANUP(http_form) struct http_form form = { 0 };
	const char *state, *iss, *code, *error, *wanted = json_get_text(login, "state", "");
	char shown[SHOWN_BYTES];
	size_t len = strlen(query);

	if (len > OAUTH_QUERY_MAX_BYTES ||
	    http_form_parse((struct str) { query, len }, &form, err) < 0 ||
	    find(&form, "state", &state) < 0 || find(&form, "iss", &iss) < 0 ||
	    find(&form, "code", &code) < 0 || find(&form, "error", &error) < 0)
		return error_set(err, -EPROTO, "the answer of the authorization server is none");
	if (!state || !*wanted || !token_equal(state, strlen(state), wanted, strlen(wanted)))
		return error_set(err, -EPROTO, "the answer is of another login");
	/* Before all else: what another issuer says is not even shown. */
	if (!is_of_issuer(json_object_get(login, "grant"), iss))
		return error_set(err, -EPROTO, "the answer is of another authorization server");
	if (error) {
		clean(error, shown);
		return error_set(err, -EACCES, "the authorization server says: %s", shown);
	}
	if (!code || !*code || strlen(code) > OAUTH_CODE_MAX_BYTES)
		return error_set(err, -EPROTO,
				 "the answer of the authorization server has no code");
	buf_add_text(code_out, code);
	return 0;
}
