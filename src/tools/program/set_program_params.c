/* set_program_params: changes parameters and lists of a program while it is attached. */
#include "call/broker.h"
#include "tools/catalogue.h"
#include "tools/program/program_result.h"

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "set", args, err);

	if (err->code)
		return err->code;
	(void)json_object_update(result, answer);
	return 0;
}

const struct tool tool_set_program_params = {
	.info = {
		.name = "set_program_params",
		.summary = "Changes parameters and lists of a signed eBPF program while it is "
			   "attached to this host's kernel: those that its manifest calls mutable, all "
			   "at once, and each list becomes what is given.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":63},"
			  "\"params\":{\"type\":\"object\",\"additionalProperties\":{"
			  "\"type\":\"integer\"}},"
			  "\"lists\":{\"type\":\"object\",\"additionalProperties\":{"
			  "\"type\":\"array\",\"maxItems\":1024,\"items\":{\"type\":\"string\","
			  "\"minLength\":1,\"maxLength\":255}}}}}",
		.result = PROGRAM_RESULT,
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_STEWARD,
	},
	.run = run,
};
