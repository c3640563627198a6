#include "mcp_client/oauth/metadata.h"

#include <errno.h>
#include <string.h>

#include "mcp_client/oauth/place.h"

bool oauth_list_has(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	}
	return false;
}

/* The texts of a list, the first of them. */
static json_t *texts_of(const json_t *list, size_t max)
{
	json_t *texts = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && json_array_size(texts) < max)
			json_push(texts, json_incref((json_t *)(uintptr_t)one));
	}
	return texts;
}

static void copy_scopes(const json_t *document, json_t *into)
{
	const json_t *list = json_object_get(document, "scopes_supported");

	if (json_is_array(list))
		json_put(into, "scopes_supported", texts_of(list, OAUTH_MAX_SCOPES));
}

static const char *issuer_of(const json_t *document, const char *preferred,
			     enum courier_schemes schemes)
{
	const json_t *list = json_object_get(document, "authorization_servers"), *one;
	size_t i;

	if (preferred && oauth_list_has(list, preferred))
		return preferred;
	json_array_foreach(list, i, one)
	{
		if (i < OAUTH_MAX_ISSUERS && json_is_string(one) &&
		    oauth_url_is_good(json_string_value(one), schemes) &&
		    !strchr(json_string_value(one), '?'))
			return json_string_value(one);
	}
	return NULL;
}

json_t *oauth_resource_read(const json_t *document, const char *url, const char *preferred,
			    enum courier_schemes schemes, struct error *err)
{
	const char *resource = json_get_text(document, "resource", "");
	const char *issuer = issuer_of(document, preferred, schemes);
	json_t *known;

	if (!oauth_url_is_good(resource, schemes) || !oauth_resource_fits(resource, url)) {
		error_set(err, -EPROTO, "its metadata is of another resource");
		return NULL;
	}
	if (!issuer) {
		error_set(err, -EPROTO,
			  "its metadata names no authorization server that may be "
			  "asked");
		return NULL;
	}
	known = json_pack("{s:s, s:s}", "resource", resource, "issuer", issuer);
	copy_scopes(document, known);
	return known;
}

/* Why an issuer cannot be used; or NULL. */
static const char *fault_of(const json_t *document, const char *issuer,
			    enum courier_schemes schemes)
{
	const json_t *types = json_object_get(document, "response_types_supported");
	const json_t *grants = json_object_get(document, "grant_types_supported");
	const char *registration = json_get_text(document, "registration_endpoint", NULL);

	if (strcmp(json_get_text(document, "issuer", ""), issuer) != 0)
		return "its metadata is of another issuer";
	if (!oauth_url_is_good(json_get_text(document, "authorization_endpoint", ""), schemes) ||
	    !oauth_url_is_good(json_get_text(document, "token_endpoint", ""), schemes) ||
	    (registration && !oauth_url_is_good(registration, schemes)))
		return "it has no endpoint that may be asked";
	if (!oauth_list_has(json_object_get(document, "code_challenge_methods_supported"), "S256"))
		return "it does not say that it knows PKCE with S256";
	if ((types && !oauth_list_has(types, "code")) ||
	    (grants && !oauth_list_has(grants, "authorization_code")))
		return "it gives no authorization codes";
	return NULL;
}

json_t *oauth_issuer_read(const json_t *document, const char *issuer, enum courier_schemes schemes,
			  struct error *err)
{
	static const char methods[] = "token_endpoint_auth_methods_supported";
	const char *fault = fault_of(document, issuer, schemes);
	const json_t *list = json_object_get(document, methods);
	json_t *known;

	if (fault) {
		error_set(err, -EPROTO, "the authorization server: %s", fault);
		return NULL;
	}
	known = json_pack(
		"{s:s, s:O, s:O, s:O*, s:b, s:b}", "issuer", issuer, "authorization_endpoint",
		json_object_get(document, "authorization_endpoint"), "token_endpoint",
		json_object_get(document, "token_endpoint"), "registration_endpoint",
		json_object_get(document, "registration_endpoint"), "needs_iss",
		json_get_bool(document, "authorization_response_iss_parameter_supported", false),
		"takes_documents",
		json_get_bool(document, "client_id_metadata_document_supported", false));
	json_put(known, "methods",
		 json_is_array(list) ? texts_of(list, OAUTH_MAX_SCOPES)
				     : json_pack("[s]", "client_secret_basic"));
	copy_scopes(document, known);
	return known;
}
