/* list_programs: the signed programs of this host, and those that ended lately. */
#include "call/broker.h"
#include "tools/catalogue.h"
#include "tools/program/program_result.h"

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "list", NULL, err);

	if (err->code)
		return err->code;
	(void)json_object_update(result, answer);
	return 0;
}

const struct tool tool_list_programs = {
	.info = {
		.name = "list_programs",
		.summary = "The signed eBPF programs of this host: their state, where they are "
			   "attached, how long they still live, those that ended "
			   "lately, what was rolled back, what is in quarantine, and whose "
			   "programs are taken.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "programs: [{" PROGRAM_RESULT "}], rollbacks: [{" PROGRAM_ROLLBACK "}], "
			  "quarantine: [{name: string, version: string, sha256: string, why: string, "
			  "at: string}], keys: [{id: string, from: string, revoked?: boolean}], "
			  "vault?: {url: string, state: string, why?: string, "
			  "token_until?: string, token_why?: string, sources: [{from: string, "
			  "keys: [string], looked?: string, until?: string, why?: string}]}",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_STEWARD,
	},
	.run = run,
};
