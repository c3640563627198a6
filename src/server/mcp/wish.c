#include "server/mcp/wish.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/url.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/secret.h"

#define POLICY_MAX_TOOLS MCP_LISTING_MAX_TOOLS

static const char *keep(struct exchange *exchange, char *text)
{
	const char *kept = exchange_text(exchange, "%s", text);

	explicit_bzero(text, strlen(text));
	free(text);
	return kept;
}

const char *mcp_name_fault(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '-')
			return "a name is small letters, digits and '-'";
	if (!len || !islower((unsigned char)name[0]))
		return "a name begins with a small letter";
	return len > MCP_SERVER_NAME_MAX_BYTES ? "a name has at most 24 letters" : NULL;
}

static const char *url_fault(const char *text)
{
	CLEANUP(url) struct url url = { 0 };
	struct error err = { 0 };

	if (url_parse(text, strlen(text), &url, &err) < 0 || url.scheme != URL_HTTPS || url.user)
		return "a url is https:// here, without user and password";
	return NULL;
}

static bool has_all(const json_t *secret, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!json_object_get(secret, names[i]))
			return false;
	return json_object_size(secret) == n;
}

/* A token, a header, what a token is got with, or a client that logs in. */
static const char *secret_fault(const json_t *secret)
{
	static const char *const token[] = { "token" }, *const header[] = { "header", "value" },
				 *const grant[] = { "client_id", "client_secret", "token_url",
						    "scope" };
	static const char *const client[] = { "client_id", "issuer", "client_secret" };
	bool is_grant = has_all(secret, grant, 4) || has_all(secret, grant, 3);

	if (is_grant)
		return url_fault(json_get_text(secret, "token_url", ""));
	if (has_all(secret, client, 2) || has_all(secret, client, 3))
		return url_fault(json_get_text(secret, "issuer", ""));
	if (has_all(secret, token, 1) || has_all(secret, header, 2) || !json_object_size(secret))
		return NULL;
	return "a secret is a token, a header with its value, client_id, client_secret and "
	       "token_url, or, where somebody will log in, client_id and issuer";
}

/* {"use", "sha256"?}; who allows one says what he has read. */
static const char *tool_fault(const char *name, const json_t *wanted)
{
	const char *use = json_get_text(wanted, "use", ""),
		   *pin = json_get_text(wanted, "sha256", "");
	bool allows = strcmp(use, "allow") == 0;

	if (strlen(name) > MCP_TOOL_NAME_MAX_BYTES)
		return "the name of a tool is too long";
	if (!allows && strcmp(use, "ask") != 0 && strcmp(use, "deny") != 0)
		return "a tool's use is allow, ask or deny";
	if (allows && strlen(pin) != MCP_TOOL_HASH_BYTES - 1)
		return "who allows a tool says its sha256, as 'test' shows it";
	return NULL;
}

static const char *policy_fault(struct exchange *exchange, json_t *policy)
{
	const json_t *wanted = json_object_get(exchange->body, "tools");
	const char *name, *fault;
	json_t *tool;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, tool)
	{
		json_t *entry;

		fault = tool_fault(name, tool);
		if (fault)
			return fault;
		entry = json_pack(
			"{s:O, s:s, s:s}", "use", json_object_get(tool, "use"), "by",
			exchange_actor(exchange), "at",
			clock_format(clock_wall_ns(), exchange_alloc(exchange, CLOCK_TEXT_BYTES)));
		if (json_object_get(tool, "sha256"))
			json_put(entry, "sha256", json_incref(json_object_get(tool, "sha256")));
		json_put(policy, name, entry);
	}
	return json_object_size(policy) > POLICY_MAX_TOOLS ? "so many tools cannot be told apart"
							   : NULL;
}

bool mcp_wish_seal(struct exchange *exchange, const char *id, const json_t *secret,
		   struct mcp_wish *wish)
{
	CLEANUP(mcp_sealed) struct mcp_sealed sealed = { 0 };
	struct error err = { 0 };

	if (mcp_secret_seal(exchange->api->mcp_servers, exchange->caller.org->id, id, secret,
			    &sealed, &err) < 0) {
		exchange_refuse(exchange, 400, NULL, "%s", err.text);
		return false;
	}
	wish->secrets = exchange_text(exchange, "%s", sealed.names);
	wish->sealed = exchange_text(exchange, "%s", sealed.text);
	return true;
}

bool mcp_wish_read(struct exchange *exchange, const char *id, json_t *policy, struct mcp_wish *wish)
{
	const json_t *body = exchange->body, *secret = json_object_get(body, "secret");
	const char *fault;

	wish->url = json_get_text(body, "url", wish->url);
	wish->protocol = json_get_text(body, "protocol", wish->protocol);
	wish->is_enabled = json_get_bool(body, "enabled", wish->is_enabled);
	wish->call_s = json_get_int(body, "call_s", wish->call_s);
	wish->max_kb = json_get_int(body, "max_kb", wish->max_kb);
	wish->calls = json_get_int(body, "calls", wish->calls);
	fault = url_fault(wish->url);
	if (!fault && secret)
		fault = secret_fault(secret);
	if (!fault)
		fault = policy_fault(exchange, policy);
	if (fault) {
		exchange_refuse(exchange, 400, NULL, "%s", fault);
		return false;
	}
	wish->policy = keep(exchange, json_canonical(policy));
	return !secret || mcp_wish_seal(exchange, id, secret, wish);
}
