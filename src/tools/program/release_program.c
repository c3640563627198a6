/* release_program: what was rolled back may be applied again. */
#include "call/broker.h"
#include "tools/catalogue.h"

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "release", args, err);

	if (err->code)
		return err->code;
	(void)json_object_update(result, answer);
	return 0;
}

const struct tool tool_release_program = {
	.info = {
		.name = "release_program",
		.summary = "Lets the artifacts of a signed eBPF program out of quarantine, so that "
			   "what was rolled back can be applied again.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":63}}}",
		.result = "name: string, released: integer",
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_STEWARD,
	},
	.run = run,
};
