/* remove_program: takes a signed program out of this host's kernel. */
#include "call/broker.h"
#include "tools/catalogue.h"
#include "tools/program/program_result.h"

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "remove", args, err);

	if (err->code)
		return err->code;
	(void)json_object_update(result, answer);
	return 0;
}

const struct tool tool_remove_program = {
	.info = {
		.name = "remove_program",
		.summary = "Takes a signed eBPF program out of this host's kernel before its time.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":63}}}",
		.result = PROGRAM_RESULT,
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_STEWARD,
	},
	.run = run,
};
