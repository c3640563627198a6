/* Scripts of skills: which of them this host takes for a mere look. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

int policy_script_add(struct policy *policy, struct str sha256)
{
	if (sha256.len != HASH_TEXT_BYTES - 1)
		return -EINVAL;
	for (size_t i = 0; i < sha256.len; i++)
		if (!strchr("0123456789abcdef", sha256.data[i]))
			return -EINVAL;
	if (policy->n_scripts == POLICY_MAX_SCRIPTS)
		return -E2BIG;
	policy->scripts =
		reallocarray(policy->scripts, policy->n_scripts + 1, sizeof(*policy->scripts));
	if (!policy->scripts)
		abort();
	str_copy(sha256, policy->scripts[policy->n_scripts++], HASH_TEXT_BYTES);
	return 0;
}

bool policy_script_is_itself(const json_t *args, char why_out[ERROR_TEXT_BYTES])
{
	const json_t *source = json_object_get(args, "source");
	char sha256[HASH_TEXT_BYTES];

	if (json_is_string(source) &&
	    strcmp(hash_text(json_string_value(source), json_string_length(source), sha256),
		   json_get_text(args, "sha256", "")) == 0)
		return true;
	(void)snprintf(why_out, ERROR_TEXT_BYTES, "its sha256 is not that of its source");
	return false;
}

bool policy_script_is_known(const struct policy *policy, const json_t *args)
{
	const char *sha256 = json_get_text(args, "sha256", "");

	for (size_t i = 0; shipped_scripts[i]; i++)
		if (strcmp(shipped_scripts[i], sha256) == 0)
			return true;
	for (size_t i = 0; i < policy->n_scripts; i++)
		if (strcmp(policy->scripts[i], sha256) == 0)
			return true;
	return false;
}
