#include "mcp_client/oauth/token.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "identity/file.h"
#include "mcp_client/oauth/login.h"

#define CREDENTIALS_BYTES (16 * KIB)
#define MAX_LIFE_S (366 * 86400)
#define SHOWN_BYTES 64

/* Form-encoded before they are joined: RFC 6749 section 2.3.1. */
static void add_basic(const char *id, const char *secret, struct buf *authorization)
{
	CLEANUP(secret_buf) struct buf joined = { 0 };
	CLEANUP(text) char *encoded = NULL;

	buf_init(&joined, CREDENTIALS_BYTES);
	oauth_form_escape(&joined, id);
	buf_add_text(&joined, ":");
	oauth_form_escape(&joined, secret);
	encoded = base64_text(joined.data, joined.len);
	buf_add_format(authorization, "Basic %s", encoded);
	explicit_bzero(encoded, strlen(encoded));
}

static void add_client(const json_t *client, struct buf *form, struct buf *authorization)
{
	const char *method = json_get_text(client, "method", "none");
	const char *id = json_get_text(client, "id", "");
	const char *secret = json_get_text(client, "secret", "");

	if (strcmp(method, "client_secret_basic") == 0) {
		add_basic(id, secret, authorization);
		return;
	}
	oauth_form_add(form, "client_id", id);
	if (strcmp(method, "client_secret_post") == 0)
		oauth_form_add(form, "client_secret", secret);
}

void oauth_code_request(const json_t *login, const char *code, struct buf *form,
			struct buf *authorization)
{
	const json_t *grant = json_object_get(login, "grant");

	oauth_form_add(form, "grant_type", "authorization_code");
	oauth_form_add(form, "code", code);
	oauth_form_add(form, "redirect_uri", json_get_text(login, "redirect_uri", ""));
	oauth_form_add(form, "code_verifier", json_get_text(login, "verifier", ""));
	oauth_form_add(form, "resource", json_get_text(grant, "resource", ""));
	add_client(json_object_get(grant, "client"), form, authorization);
}

void oauth_refresh_request(const json_t *grant, struct buf *form, struct buf *authorization)
{
	oauth_form_add(form, "grant_type", "refresh_token");
	oauth_form_add(form, "refresh_token", json_get_text(grant, "refresh_token", ""));
	oauth_form_add(form, "resource", json_get_text(grant, "resource", ""));
	add_client(json_object_get(grant, "client"), form, authorization);
}

bool oauth_is_token(const char *token)
{
	size_t len = strlen(token);

	for (size_t i = 0; i < len; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return len && len <= OAUTH_TOKEN_MAX_BYTES;
}

/* RFC 6749 section 5.2: what will be said again each time. All else may pass. */
static int refusal_of(unsigned status, const char *said)
{
	if (status != 400 && status != 401 && status != 403)
		return -EPROTO;
	if (strcmp(said, "invalid_client") == 0)
		return -EKEYREVOKED;
	return strcmp(said, "invalid_grant") == 0 || strcmp(said, "unauthorized_client") == 0
		       ? -EACCES
		       : -EPROTO;
}

static void refuse(unsigned status, const json_t *document, struct error *err)
{
	const char *said = json_get_text(document, "error", "");
	int code = refusal_of(status, said);
	char shown[SHOWN_BYTES];
	size_t n = 0;

	for (; *said && n < SHOWN_BYTES - 1; said++)
		shown[n++] = *said >= ' ' && *said <= '~' ? *said : '?';
	shown[n] = '\0';
	error_set(err, code, "no token is given: %s (%u)", *shown ? shown : "no reason", status);
}

static void put_expiry(json_t *grant, const json_t *document, int64_t now_s)
{
	int64_t life_s = json_get_int(document, "expires_in", 0);

	(void)json_object_del(grant, "expires_at");
	if (life_s > 0)
		json_put(grant, "expires_at",
			 json_integer(now_s + (life_s < MAX_LIFE_S ? life_s : MAX_LIFE_S)));
}

json_t *oauth_token_read(const json_t *grant, unsigned status, const json_t *document,
			 int64_t now_s, struct error *err)
{
	const char *token = json_get_text(document, "access_token", "");
	const char *refresh = json_get_text(document, "refresh_token", "");
	json_t *given;

	if (status != 200) {
		refuse(status, document, err);
		return NULL;
	}
	if (!oauth_is_token(token) ||
	    strcasecmp(json_get_text(document, "token_type", ""), "bearer") != 0) {
		error_set(err, -EPROTO, "what gives tokens answers with none");
		return NULL;
	}
	given = json_deep_copy(grant);
	json_put(given, "access_token", json_string(token));
	if (oauth_is_token(refresh))
		json_put(given, "refresh_token", json_string(refresh));
	put_expiry(given, document, now_s);
	return given;
}
