/* Foreign policy text: an error names its line, and what loads judges every call one way. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/policy.h"

static void check_command(const struct policy *policy, const uint8_t *data, size_t size)
{
	static const struct tool_info shell = { .name = "execute_shell_command",
						.risk = TOOL_CHANGES };
	const struct caller caller = { .uid = 1000, .gid = 1000 };
	CLEANUP(json) json_t *args = json_object();
	char why[ERROR_TEXT_BYTES] = "";
	char again[ERROR_TEXT_BYTES] = "";
	const uint8_t *newline = memchr(data, '\n', size);
	size_t len = newline ? (size_t)(newline - data) : size;
	enum policy_answer answer;

	json_put(args, "command", json_text((const char *)data, len));
	answer = policy_judge(policy, &caller, &shell, args, why);
	assert(why[0]);
	assert(answer == policy_judge(policy, &caller, &shell, args, again));
	assert(strcmp(why, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(policy) struct policy *policy = policy_parse("p", (const char *)data, size, &err);

	if (!policy) {
		assert(err.code < 0 && strncmp(err.text, "p:", 2) == 0);
		return 0;
	}
	assert(policy_roots(policy, 0)[0]);
	for (unsigned set = 0; policy_roots(policy, set); set++)
		for (const char *const *root = policy_roots(policy, set); *root; root++)
			assert(**root == '/');
	check_command(policy, data, size);
	return 0;
}
