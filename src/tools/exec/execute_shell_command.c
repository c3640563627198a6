/* execute_shell_command: a shell line on the host, by policy or with approval. */
#include <string.h>

#include "base/clock.h"
#include "tools/catalogue.h"
#include "tools/exec/outcome.h"

/* What shells answer when the command is not there, or is no program. */
#define NOT_FOUND 127
#define NOT_EXECUTABLE 126

static void put_hint(int64_t status, json_t *result)
{
	if (status == NOT_FOUND)
		json_put(result, "error_hint", json_string("the command was not found"));
	else if (status == NOT_EXECUTABLE)
		json_put(result, "error_hint", json_string("the command is not executable"));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	char shell[] = "/bin/sh", option[] = "-c";
	const char *command = json_get_text(args, "command", "");
	char time[CLOCK_TEXT_BYTES];
	char *argv[] = { shell, option, NULL, NULL };
	int64_t status;
	int r;

	memcpy(&argv[2], &command, sizeof(command)); /* exec takes no const; it changes nothing */
	r = outcome_run(task, argv, args, result, err);
	if (r < 0)
		return r;
	status = json_get_int(result, "exit_code", -1);
	json_put(result, "command", json_string(command));
	json_put(result, "return_code", json_incref(json_object_get(result, "exit_code")));
	json_put(result, "success", json_boolean(status == 0));
	json_put(result, "working_dir", json_string("/"));
	json_put(result, "timestamp", json_string(clock_format(host_now_ns(task->host), time)));
	put_hint(status, result);
	return 0;
}

const struct tool tool_execute_shell_command = {
	.info = {
		.name = "execute_shell_command",
		.summary = "Runs a shell line on the host; it may change anything the approval allows.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"command\"],\"properties\":{"
			  "\"command\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":65536},"
			  "\"timeout\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":300,"
			  "\"default\":300,\"description\":\"seconds\"}}}",
		.result = "command: string, return_code: integer|null, success: boolean, "
			"working_dir: string, timestamp: string, error_hint?: string, "
			OUTCOME_RESULT,
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_HOST,
		.timeout_ms = 305000,
	},
	.run = run,
};
