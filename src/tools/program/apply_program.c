/* apply_program: attaches a signed program to this host's kernel for a while. */
#include <string.h>

#include "call/broker.h"
#include "call/progress.h"
#include "tools/catalogue.h"
#include "tools/program/program_result.h"

/* The verifier's own words are longer than an error's sentence: they are shown as they come. */
static void show_log(struct task *task, const char *log)
{
	if (log)
		progress_add(task->progress, PROGRESS_NOTE, log, strlen(log));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *answer = steward_ask(task, "apply", args, err);

	if (err->code) {
		show_log(task, json_get_text(answer, "log", NULL));
		return err->code;
	}
	(void)json_object_update(result, answer);
	return 0;
}

#define MAP(type) "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"" type "\"}}"

const struct tool tool_apply_program = {
	.info = {
		.name = "apply_program",
		.summary = "Attaches a signed eBPF program to this host's kernel for a limited time; "
			   "a newer version takes the place of the one that is there.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"release\",\"signature\",\"artifact\"],\"properties\":{"
			  "\"release\":{\"type\":\"string\",\"maxLength\":16384,\"description\":"
			  "\"the text of release.json, exactly\"},"
			  "\"signature\":{\"type\":\"string\",\"maxLength\":2048,\"description\":"
			  "\"Base64 of release.json.sig\"},"
			  "\"artifact\":{\"type\":\"string\",\"maxLength\":1000000,\"description\":"
			  "\"Base64 of artifact.tar.zst\"},"
			  "\"targets\":" MAP("string") ",\"params\":" MAP("integer") ","
			  "\"lists\":{\"type\":\"object\",\"additionalProperties\":{"
			  "\"type\":\"array\",\"maxItems\":1024,\"items\":{\"type\":\"string\","
			  "\"minLength\":1,\"maxLength\":255}}},"
			  "\"ttl_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":31536000}}}",
		.result = PROGRAM_RESULT,
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_STEWARD,
		.timeout_ms = 60000,
	},
	.run = run,
};
