#include "identity/grant.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "identity/identity_internal.h"
#include "identity/key.h"
#include "identity/statement.h"

static const struct record_field fields[] = {
	RECORD_TEXT(struct grant, org, certificate_is_id),
	RECORD_TEXT(struct grant, grant, certificate_is_id),
	RECORD_TEXT(struct grant, approver, approver_is_name),
	RECORD_TEXT(struct grant, tool, certificate_is_id),
	RECORD_NUMBER(struct grant, uses),
	RECORD_NUMBER(struct grant, expires_s),
	{ .name = NULL },
};
static const struct record record = { "constable.grant.v1", fields };

static const struct record_field revocation_fields[] = {
	RECORD_TEXT(struct revocation, org, certificate_is_id),
	RECORD_TEXT(struct revocation, grant, certificate_is_id),
	RECORD_TEXT(struct revocation, approver, approver_is_name),
	RECORD_NUMBER(struct revocation, expires_s),
	{ .name = NULL },
};
static const struct record revocation_record = { "constable.grant-revocation.v1",
						 revocation_fields };

void grant_finish(struct grant *grant)
{
	json_decref(grant->arguments);
	json_decref(grant->hosts);
	*grant = (struct grant) { 0 };
}

void grant_cleanup(struct grant *grant)
{
	grant_finish(grant);
}

static bool are_patterns(const json_t *arguments)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)arguments, name,
			    value) if (!json_is_string(value)) return false;
	return json_is_object(arguments);
}

static bool are_hosts(const json_t *hosts)
{
	const json_t *host;
	size_t i;

	json_array_foreach(hosts, i,
			   host) if (!json_is_string(host) ||
				     !certificate_is_id(json_string_value(host))) return false;
	return json_array_size(hosts) >= 1 && json_array_size(hosts) <= GRANT_MAX_HOSTS;
}

static int check_form(const struct grant *grant, int code, struct error *err)
{
	if (are_patterns(grant->arguments) && are_hosts(grant->hosts) && grant->uses >= 1 &&
	    grant->uses <= GRANT_MAX_USES)
		return 0;
	return error_set(err, code,
			 "a grant has 'arguments' with texts as patterns, 1 to %d 'hosts', and 1 "
			 "to %d 'uses'",
			 GRANT_MAX_HOSTS, GRANT_MAX_USES);
}

json_t *grant_sign(const struct grant *grant, EVP_PKEY *key, struct error *err)
{
	CLEANUP(json) json_t *statement = NULL;

	if (check_form(grant, -EINVAL, err) < 0)
		return NULL;
	if (!key_is(key, KEY_ED25519)) {
		error_set(err, -EINVAL, "a grant is signed with Ed25519");
		return NULL;
	}
	statement = record_format(&record, grant, err);
	if (!statement)
		return NULL;
	json_put(statement, "arguments", json_incref(grant->arguments));
	json_put(statement, "hosts", json_incref(grant->hosts));
	return statement_seal(statement, key);
}

/* The two members that are no plain texts come out of the statement, and the rest is a record. */
int grant_parse(const json_t *sealed, struct grant *grant_out, struct error *err)
{
	CLEANUP(json) json_t *statement = statement_peek(sealed, record.domain, err);
	CLEANUP(grant) struct grant grant = { 0 };

	if (!statement)
		return err->code;
	grant.arguments = json_incref(json_object_get(statement, "arguments"));
	grant.hosts = json_incref(json_object_get(statement, "hosts"));
	(void)json_object_del(statement, "arguments");
	(void)json_object_del(statement, "hosts");
	if (record_read(&record, statement, &grant, err) < 0 ||
	    check_form(&grant, -EBADMSG, err) < 0)
		return err->code;
	*grant_out = grant;
	grant = (struct grant) { 0 };
	return 0;
}

static int check_signature(const json_t *sealed, const struct approvers *approvers,
			   const char *approver, const char *org, struct error *err)
{
	EVP_PKEY *key = approvers_find(approvers, approver);

	if (!key || strcmp(org, approvers->org) != 0)
		return error_set(err, -EACCES, "'%s' may not approve for org '%s'", approver, org);
	return statement_verify(sealed, key, err);
}

int grant_verify(const json_t *sealed, const struct approvers *approvers, struct grant *grant_out,
		 struct error *err)
{
	CLEANUP(grant) struct grant grant = { 0 };
	int r = grant_parse(sealed, &grant, err);

	if (r == 0)
		r = check_signature(sealed, approvers, grant.approver, grant.org, err);
	if (r < 0)
		return r;
	*grant_out = grant;
	grant = (struct grant) { 0 };
	return 0;
}

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-+=@:,", c));
}

/* A star takes as much as the rest of the pattern leaves it; the texts are short. */
static bool fits(const char *pattern, const char *text)
{
	const char *star = NULL, *after = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			after = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star && is_plain(*after)) {
			pattern = star;
			text = ++after;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* What a star took was checked sign by sign, but where it was the last to take. */
static bool is_covered(const char *pattern, const json_t *value)
{
	CLEANUP(text) char *other = json_is_string(value) ? NULL : json_canonical(value);
	const char *text = other ? other : json_string_value(value);

	if (strcmp(pattern, "*") == 0)
		return true;
	/* ".." is plain and yet leads elsewhere. */
	if (strchr(pattern, '*') && strstr(text, ".."))
		return false;
	return strlen(text) == (other ? strlen(text) : json_string_length(value)) &&
	       fits(pattern, text);
}

static int check_arguments(const struct grant *grant, const json_t *args, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)args, name, value)
	{
		const char *pattern = json_get_text(grant->arguments, name, NULL);

		if (!pattern || !is_covered(pattern, value))
			return error_set(err, -EACCES, "the grant does not cover this '%s'", name);
	}
	return 0;
}

static bool has_host(const struct grant *grant, const char *host)
{
	const json_t *item;
	size_t i;

	json_array_foreach(grant->hosts, i,
			   item) if (strcmp(json_string_value(item), host) == 0) return true;
	return false;
}

int grant_check(const struct grant *grant, const struct grant_call *call, struct error *err)
{
	if (strcmp(grant->org, call->org) != 0 || !has_host(grant, call->host))
		return error_set(err, -EACCES, "the grant is not for this host");
	if (strcmp(grant->tool, call->tool) != 0)
		return error_set(err, -EACCES, "the grant is for '%s'", grant->tool);
	if (call->now_s >= grant->expires_s)
		return error_set(err, -ETIME, "the grant has expired");
	if (grant->expires_s - call->now_s > GRANT_MAX_LIFE_S)
		return error_set(err, -EACCES, "the grant lasts longer than %d days",
				 GRANT_MAX_LIFE_S / 86400);
	return check_arguments(grant, call->args, err);
}

json_t *revocation_sign(const struct revocation *revocation, EVP_PKEY *key, struct error *err)
{
	CLEANUP(json) json_t *statement = record_format(&revocation_record, revocation, err);

	if (!statement)
		return NULL;
	if (!key_is(key, KEY_ED25519)) {
		error_set(err, -EINVAL, "a revocation is signed with Ed25519");
		return NULL;
	}
	return statement_seal(statement, key);
}

int revocation_parse(const json_t *sealed, struct revocation *revocation_out, struct error *err)
{
	CLEANUP(json) json_t *statement = statement_peek(sealed, revocation_record.domain, err);
	struct revocation revocation = { 0 };

	if (!statement || record_read(&revocation_record, statement, &revocation, err) < 0)
		return err->code;
	*revocation_out = revocation;
	return 0;
}

int revocation_verify(const json_t *sealed, const struct approvers *approvers,
		      struct revocation *revocation_out, struct error *err)
{
	struct revocation revocation;
	int r = revocation_parse(sealed, &revocation, err);

	if (r == 0)
		r = check_signature(sealed, approvers, revocation.approver, revocation.org, err);
	if (r == 0)
		*revocation_out = revocation;
	return r;
}
