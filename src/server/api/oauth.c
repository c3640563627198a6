#include "server/api/oauth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/approvers.h"
#include "identity/token.h"
#include "server/api/oauth_internal.h"

#define WELL_KNOWN "/.well-known/oauth-protected-resource"
#define SUBJECT_ID_CHARS 32

/* --- settings ----------------------------------------------------------------------------- */

static bool take_word(const char **at, char word[OAUTH_WORD_BYTES], const char *ends)
{
	size_t n = strcspn(*at, ends);

	if (n == 0 || n >= OAUTH_WORD_BYTES)
		return false;
	memcpy(word, *at, n);
	word[n] = '\0';
	*at += n;
	return true;
}

/* "ROLE=CLAIM:VALUE" */
static bool read_rule(const char **at, struct oauth_rule *rule)
{
	char role[OAUTH_WORD_BYTES];

	return take_word(at, role, "= ,") && scan_text(at, "=") &&
	       role_from_name(role, &rule->role) && take_word(at, rule->claim, ": ,") &&
	       scan_text(at, ":") && take_word(at, rule->value, " ,");
}

static int read_rules(struct oauth *oauth, const char *text, struct error *err)
{
	for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
		if (oauth->n_rules == OAUTH_MAX_RULES ||
		    !read_rule(&text, &oauth->rules[oauth->n_rules]))
			return error_set(
				err, -EINVAL,
				"oauth_roles: expected up to %d of ROLE=CLAIM:VALUE, such as "
				"viewer=scope:constable.viewer",
				OAUTH_MAX_RULES);
		oauth->n_rules++;
	}
	return oauth->n_rules ? 0 : error_set(err, -EINVAL, "oauth_roles: names no role");
}

static int name_resource(struct oauth *oauth, const char *resource, struct error *err)
{
	const char *host = strstr(resource, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	size_t n_origin = path ? (size_t)(path - resource) : strlen(resource);

	if (!host || strlen(resource) >= sizeof(oauth->resource) ||
	    strpbrk(resource, "\" \\\r\n") != NULL)
		return error_set(err, -EINVAL, "oauth: '%s' is no address of a resource", resource);
	text_copy(oauth->resource, sizeof(oauth->resource), resource);
	/* RFC 9728, 3.1: the well-known part comes before the resource's own path. */
	text_format(oauth->metadata_url, sizeof(oauth->metadata_url), "%.*s" WELL_KNOWN "%s",
		    (int)n_origin, resource, path ? path : "");
	return 0;
}

/* Those that a client may ask its issuer for. */
static void list_scopes(struct oauth *oauth)
{
	size_t at = 0;

	for (unsigned i = 0; i < oauth->n_rules; i++) {
		const struct oauth_rule *rule = &oauth->rules[i];

		if (strcmp(rule->claim, "scope") != 0 || strpbrk(rule->value, "\"\\") != NULL)
			continue;
		text_format(oauth->scopes + at, sizeof(oauth->scopes) - at, "%s%s", at ? " " : "",
			    rule->value);
		at = strlen(oauth->scopes);
	}
}

static int configure(struct oauth *oauth, const struct oauth_config *config, struct error *err)
{
	int r = name_resource(oauth, config->resource, err);

	if (r == 0)
		r = read_rules(oauth, config->roles, err);
	if (r < 0)
		return r;
	if (strlen(config->issuer) >= sizeof(oauth->issuer) ||
	    strlen(config->audience) >= sizeof(oauth->audience) ||
	    strlen(config->keys) >= sizeof(oauth->keys_at) || !*config->keys)
		return error_set(err, -EINVAL, "oauth_keys: names no file and no https address");
	text_copy(oauth->issuer, sizeof(oauth->issuer), config->issuer);
	text_copy(oauth->audience, sizeof(oauth->audience), config->audience);
	text_copy(oauth->keys_at, sizeof(oauth->keys_at), config->keys);
	text_copy(oauth->org_claim, sizeof(oauth->org_claim), config->org_claim);
	text_copy(oauth->name_claim, sizeof(oauth->name_claim), config->name_claim);
	list_scopes(oauth);
	return 0;
}

struct oauth *oauth_new(const struct oauth_config *config, struct error *err)
{
	struct oauth *oauth = calloc(1, sizeof(*oauth));

	if (!oauth)
		abort();
	oauth->base = config->base;
	oauth->courier = config->courier;
	oauth->networks = config->networks ? strdup(config->networks) : NULL;
	oauth->ca_pem = config->ca_pem ? strdup(config->ca_pem) : NULL;
	if (configure(oauth, config, err) == 0 && oauth_keys_open(oauth, err) == 0)
		return oauth;
	oauth_free(oauth);
	return NULL;
}

void oauth_free(struct oauth *oauth)
{
	if (!oauth)
		return;
	oauth_keys_close(oauth);
	key_set_finish(&oauth->keys);
	free(oauth->networks);
	free(oauth->ca_pem);
	free(oauth);
}

/* --- who a token is of -------------------------------------------------------------------- */

static bool has(const struct access_token *token, const struct oauth_rule *rule)
{
	return strcmp(rule->claim, "scope") == 0
		       ? access_token_has_scope(token, rule->value)
		       : access_token_claims(token, rule->claim, rule->value);
}

static enum role role_of(const struct oauth *oauth, const struct access_token *token)
{
	enum role best = ROLE_NONE;

	for (unsigned i = 0; i < oauth->n_rules; i++)
		if (oauth->rules[i].role > best && has(token, &oauth->rules[i]))
			best = oauth->rules[i].role;
	return best;
}

static struct org *org_of(const struct oauth *oauth, const struct orgs *orgs,
			  const struct access_token *token)
{
	const char *named = json_get_text(token->claims, oauth->org_claim, NULL);

	if (!oauth->org_claim[0])
		return orgs_find(orgs, ORG_DEFAULT);
	return named ? orgs_find(orgs, named) : NULL;
}

/* No key of the API has such an id, and no other issuer's subject. */
static void name_caller(const struct oauth *oauth, const struct access_token *token,
			struct caller *caller)
{
	char hash[TOKEN_HASH_BYTES], name[ACCESS_TOKEN_NAME_BYTES];
	CLEANUP(buf) struct buf whole = { 0 };
	bool is_named;

	buf_init(&whole, 4 * KIB);
	buf_add(&whole, oauth->issuer, strlen(oauth->issuer) + 1);
	buf_add_text(&whole, token->subject);
	(void)token_hash(whole.data, whole.len, hash);
	is_named = *oauth->name_claim && access_token_name(token, oauth->name_claim, name) &&
		   strlen(name) < sizeof(caller->name);
	text_format(caller->id, sizeof(caller->id), "%s%.*s",
		    is_named ? AUTHOR_PERSON : AUTHOR_NAMELESS, SUBJECT_ID_CHARS, hash);
	text_copy(caller->name, sizeof(caller->name), is_named ? name : token->subject);
	caller->actor = "oauth";
}

int oauth_identify(struct oauth *oauth, const struct orgs *orgs, struct str token,
		   struct caller *caller_out, struct error *err)
{
	CLEANUP(access_token) struct access_token read = { 0 };
	const struct access_rule rule = { .issuer = oauth->issuer,
					  .audience = oauth->audience,
					  .keys = &oauth->keys,
					  .now_s = clock_wall_ns() / NS_PER_SEC };
	struct caller caller = { 0 };
	int r = access_token_verify(token.data, token.len, &rule, &read, err);

	if (r == -ENOKEY && oauth_keys_want(oauth))
		return -EAGAIN;
	if (r < 0)
		return r;
	caller.role = role_of(oauth, &read);
	caller.org = org_of(oauth, orgs, &read);
	if (caller.role == ROLE_NONE)
		return error_set(err, -EPERM,
				 "the token has no scope or claim that is a role here");
	if (!caller.org)
		return error_set(err, -EPERM, "the token is of no org of this server");
	name_caller(oauth, &read, &caller);
	caller.until_ns = access_token_until_ns(&read);
	*caller_out = caller;
	return 0;
}

/* --- what clients are told ---------------------------------------------------------------- */

json_t *oauth_metadata(const struct oauth *oauth)
{
	json_t *metadata = json_pack(
		"{s:s, s:[s], s:[s], s:s}", "resource", oauth->resource, "authorization_servers",
		oauth->issuer, "bearer_methods_supported", "header", "resource_name", "Constable");
	json_t *scopes = json_array();
	const char *at = oauth->scopes;
	struct str word;

	while (scan_word(&at, &word))
		json_push(scopes, json_str(word));
	json_put(metadata, "scopes_supported", scopes);
	return metadata;
}

const char *oauth_metadata_url(const struct oauth *oauth)
{
	return oauth->metadata_url;
}

const char *oauth_scopes(const struct oauth *oauth)
{
	return oauth->scopes;
}
