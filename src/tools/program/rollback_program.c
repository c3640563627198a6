/* rollback_program: takes a program out of the kernel, and brings back the version before it. */
#include "call/broker.h"
#include "tools/catalogue.h"
#include "tools/program/program_result.h"

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "rollback", args, err);

	if (err->code)
		return err->code;
	(void)json_object_update(result, answer);
	return 0;
}

const struct tool tool_rollback_program = {
	.info = {
		.name = "rollback_program",
		.summary = "Takes a signed eBPF program out of this host's kernel, brings back the "
			   "version whose place it took, and puts its artifact into quarantine.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":63},"
			  "\"sha256\":{\"type\":\"string\",\"minLength\":64,\"maxLength\":64},"
			  "\"reason\":{\"type\":\"string\",\"enum\":[\"manual\",\"orchestrator_signal\"]},"
			  "\"why\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":300}}}",
		.result = PROGRAM_RESULT,
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_STEWARD,
		.timeout_ms = 60000,
	},
	.run = run,
};
