/* run_diagnostic: a program of the host, run where it can change nothing. */
#include <stdlib.h>
#include <string.h>

#include "tools/catalogue.h"
#include "tools/exec/outcome.h"

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const json_t *list = json_object_get(args, "argv"), *item;
	char **argv = calloc(json_array_size(list) + 1, sizeof(*argv));
	size_t i;
	int r;

	if (!argv)
		abort();
	/* exec takes no const; it changes nothing. */
	json_array_foreach(list, i, item)
		memcpy(&argv[i], &(const char *) { json_string_value(item) }, sizeof(*argv));
	json_put(result, "argv", json_deep_copy(list));
	r = outcome_run(task, argv, args, result, err);
	free(argv);
	return r;
}

const struct tool tool_run_diagnostic = {
	.info = {
		.name = "run_diagnostic",
		.summary = "Runs a program (an argument vector, never a shell line) that can read the "
			   "host and change nothing.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"argv\"],\"properties\":{"
			  "\"argv\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":256,\"items\":"
			  "{\"type\":\"string\",\"maxLength\":65536}},"
			  "\"timeout_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":300,"
			  "\"default\":30},"
			  "\"stdin\":{\"type\":\"string\",\"maxLength\":1048576,"
			  "\"description\":\"for its standard input\"}}}",
		.result = "argv: [string], " OUTCOME_RESULT,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_SCRIPT,
		.timeout_ms = 305000,
	},
	.run = run,
};
