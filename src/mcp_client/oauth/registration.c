#include "mcp_client/oauth/registration.h"

#include <errno.h>
#include <string.h>

#include "mcp_client/oauth/metadata.h"
#include "mcp_client/oauth/place.h"

#define LOGIN_S 600 /* in which a person logs in */

static const char *issuer_name(const json_t *issuer)
{
	return json_get_text(issuer, "issuer", "");
}

static bool knows(const json_t *issuer, const char *method)
{
	return oauth_list_has(json_object_get(issuer, "methods"), method);
}

/* How to show a secret at the token endpoint; NULL: in no way that is known here. */
static const char *method_for_secret(const json_t *issuer)
{
	return knows(issuer, "client_secret_basic")  ? "client_secret_basic"
	       : knows(issuer, "client_secret_post") ? "client_secret_post"
						     : NULL;
}

/* Registered for one issuer, and of no use to another, who would only learn the secret. */
static json_t *client_of_self(const struct oauth_self *self, const json_t *issuer,
			      const json_t *old, struct error *err)
{
	const char *bound = self->issuer ? self->issuer : json_get_text(old, "issuer", NULL);
	const char *method = self->client_secret ? method_for_secret(issuer) : "none";

	if (bound && strcmp(bound, issuer_name(issuer)) != 0) {
		error_set(err, -EPROTO,
			  "its client is registered with another authorization "
			  "server than the one that is named now");
		return NULL;
	}
	if (!method) {
		error_set(err, -EPROTO,
			  "the authorization server takes no client secret in a way "
			  "that is known here");
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s*, s:s}", "issuer", issuer_name(issuer), "id",
			 self->client_id, "secret", self->client_secret, "method", method);
}

/* And still will be when a person has logged in. */
static bool is_registered(const json_t *old, const struct oauth_self *self, const json_t *issuer,
			  int64_t now_s)
{
	const char *redirect = json_get_text(old, "redirect_uri", NULL);

	return redirect && strcmp(redirect, self->redirect_uri) == 0 &&
	       json_get_int(old, "expires_at", INT64_MAX) > now_s + LOGIN_S &&
	       strcmp(json_get_text(old, "issuer", ""), issuer_name(issuer)) == 0;
}

json_t *oauth_client_choose(const struct oauth_self *self, const json_t *issuer, const json_t *old,
			    int64_t now_s, struct error *err)
{
	if (self->client_id)
		return client_of_self(self, issuer, old, err);
	if (is_registered(old, self, issuer, now_s))
		return json_deep_copy(old);
	if (self->document && json_get_bool(issuer, "takes_documents", false) &&
	    knows(issuer, "none"))
		return json_pack("{s:s, s:s, s:s}", "issuer", issuer_name(issuer), "id",
				 self->document, "method", "none");
	if (!json_object_get(issuer, "registration_endpoint"))
		error_set(err, -EPROTO,
			  "the authorization server wants a client that was "
			  "registered with it beforehand");
	return NULL;
}

/* A program beside its person, or a server for many. */
static const char *type_of(const char *redirect_uri)
{
	return oauth_url_is_good(redirect_uri, COURIER_HTTPS_ONLY) ? "web" : "native";
}

static const char *wanted_method(const json_t *issuer)
{
	const char *method = method_for_secret(issuer);

	return method ? method : "none";
}

json_t *oauth_registration(const struct oauth_self *self, const json_t *issuer, const char *scope)
{
	return json_pack("{s:s, s:[s], s:[s, s], s:[s], s:s, s:s, s:s*}", "client_name", self->name,
			 "redirect_uris", self->redirect_uri, "grant_types", "authorization_code",
			 "refresh_token", "response_types", "code", "token_endpoint_auth_method",
			 wanted_method(issuer), "application_type", type_of(self->redirect_uri),
			 "scope", *scope ? scope : NULL);
}

static bool is_credential(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= OAUTH_CLIENT_ID_MAX_BYTES;
}

json_t *oauth_registration_read(const json_t *document, const struct oauth_self *self,
				const json_t *issuer, struct error *err)
{
	const char *id = json_get_text(document, "client_id", "");
	const char *secret = json_get_text(document, "client_secret", NULL);
	const char *method =
		json_get_text(document, "token_endpoint_auth_method", wanted_method(issuer));
	bool is_public = strcmp(method, "none") == 0;
	int64_t end_s = json_get_int(document, "client_secret_expires_at", 0);
	json_t *client;

	if (!is_credential(id) || (secret && !is_credential(secret)) || (!is_public && !secret)) {
		error_set(err, -EPROTO, "the authorization server registered no client");
		return NULL;
	}
	if (!is_public && strcmp(method, "client_secret_basic") != 0 &&
	    strcmp(method, "client_secret_post") != 0) {
		error_set(err, -EPROTO,
			  "the authorization server wants a client to show itself in "
			  "a way that is not known here");
		return NULL;
	}
	client = json_pack("{s:s, s:s, s:s*, s:s, s:s}", "issuer", issuer_name(issuer), "id", id,
			   "secret", is_public ? NULL : secret, "method", method, "redirect_uri",
			   self->redirect_uri);
	if (!is_public && end_s > 0) /* 0: never, RFC 7591 section 3.2.1 */
		json_put(client, "expires_at", json_integer(end_s));
	return client;
}
