/* What this host lets be read whatever a server asks: namespaces of Kubernetes, log groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

static const struct {
	const char *word;       /* of the policy */
	const char *members[2]; /* of arguments: a list, one name */
} kinds[POLICY_N_SCOPES] = {
	[POLICY_NAMESPACES] = { "namespaces", { "namespaces", "namespace" } },
	[POLICY_LOG_GROUPS] = { "log-groups", { "log_groups", "log_group" } },
};

bool policy_scope_find(struct str word, enum policy_scope *scope_out)
{
	for (unsigned i = 0; i < POLICY_N_SCOPES; i++) {
		if (str_is(word, kinds[i].word)) {
			*scope_out = i;
			return true;
		}
	}
	return false;
}

int policy_scope_add(struct policy *policy, enum policy_scope scope, struct str name)
{
	struct scope *list = &policy->scopes[scope];

	if (list->n == POLICY_MAX_SCOPE)
		return -E2BIG;
	list->names = reallocarray(list->names, list->n + 2, sizeof(char *));
	if (!list->names)
		abort();
	list->names[list->n] = strndup(name.data, name.len);
	if (!list->names[list->n])
		abort();
	list->names[++list->n] = NULL;
	return 0;
}

void policy_scope_finish(struct policy *policy)
{
	for (unsigned i = 0; i < POLICY_N_SCOPES; i++) {
		for (size_t n = 0; n < policy->scopes[i].n; n++)
			free(policy->scopes[i].names[n]);
		free(policy->scopes[i].names);
	}
}

static bool lets(const struct policy *policy, enum policy_scope scope, struct str name,
		 char why_out[ERROR_TEXT_BYTES])
{
	const struct scope *list = &policy->scopes[scope];
	size_t len;

	for (size_t i = 0; i < list->n; i++)
		if (str_is(name, list->names[i]))
			return true;
	text_format(why_out, ERROR_TEXT_BYTES,
		    "%s: '%.*s' is not among this host's %s:", policy->name,
		    (int)(name.len < 64 ? name.len : 64), name.data, kinds[scope].word);
	for (size_t i = 0; i < list->n; i++) {
		len = strlen(why_out);
		text_format(why_out + len, ERROR_TEXT_BYTES - len, " %s", list->names[i]);
	}
	return false;
}

static bool lets_value(const struct policy *policy, enum policy_scope scope, const json_t *value,
		       char why_out[ERROR_TEXT_BYTES])
{
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		return lets(policy, scope,
			    (struct str) { json_string_value(value), json_string_length(value) },
			    why_out);
	json_array_foreach(value, i,
			   one) if (!lets_value(policy, scope, one, why_out)) return false;
	return true;
}

/*
 * A pod's log names its namespace: /var/log/pods/NAMESPACE_POD_UID/..., and the links
 * /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. Ways around, such as links elsewhere, end
 * at the walls (sandbox/pods.c): this is for the sentence.
 */
static bool lets_path(const struct policy *policy, const json_t *value,
		      char why_out[ERROR_TEXT_BYTES])
{
	const char *at = json_is_string(value) ? json_string_value(value) : "";
	struct str name = { 0 };

	if (scan_text(&at, "/var/log/pods/")) {
		name = (struct str) { at, strcspn(at, "_/") };
	} else if (scan_text(&at, "/var/log/containers/")) {
		const char *bar = strchr(at, '_');

		if (bar)
			name = (struct str) { bar + 1, strcspn(bar + 1, "_/") };
	}
	return !name.len || lets(policy, POLICY_NAMESPACES, name, why_out);
}

bool policy_scope_allows(const struct policy *policy, const json_t *args,
			 char why_out[ERROR_TEXT_BYTES])
{
	const json_t *path;
	size_t n;

	for (unsigned i = 0; i < POLICY_N_SCOPES; i++)
		for (size_t m = 0; policy->scopes[i].n && m < ARRAY_LEN(kinds[i].members); m++)
			if (!lets_value(policy, i, json_object_get(args, kinds[i].members[m]),
					why_out))
				return false;
	if (!policy->scopes[POLICY_NAMESPACES].n)
		return true;
	json_array_foreach(json_object_get(args, "paths"), n,
			   path) if (!lets_path(policy, path, why_out)) return false;
	return lets_path(policy, json_object_get(args, "path"), why_out);
}

const char *const *policy_namespaces(const struct policy *policy)
{
	return (const char *const *)policy->scopes[POLICY_NAMESPACES].names;
}
