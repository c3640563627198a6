/* run_script: a script that a skill carries, run where it can change nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/catalogue.h"
#include "tools/exec/outcome.h"

#define FIRST_LINE_MAX_BYTES 255 /* the kernel's own bound */
#define BLANKS " \t"

/* The interpreter and its one argument, as the kernel reads "#!"; cut in 'line'. */
static int find_interpreter(const char *source, char line[FIRST_LINE_MAX_BYTES + 1], char *argv[2],
			    struct error *err)
{
	size_t len = strcspn(source, "\r\n");
	char *at;

	if (strncmp(source, "#!", 2) != 0 || len > FIRST_LINE_MAX_BYTES)
		return error_set(err, -ENOEXEC,
				 "the script's first line is not #! and an interpreter");
	str_copy((struct str) { source + 2, len - 2 }, line, FIRST_LINE_MAX_BYTES + 1);
	for (len = strlen(line); len && strchr(BLANKS, line[len - 1]); len--)
		line[len - 1] = '\0';
	argv[0] = line + strspn(line, BLANKS);
	if (argv[0][0] != '/')
		return error_set(err, -ENOEXEC, "the script's interpreter is no absolute path");
	at = argv[0] + strcspn(argv[0], BLANKS);
	argv[1] = *at ? at + strspn(at, BLANKS) : NULL;
	*at = '\0';
	return 0;
}

/* exec takes no const; it changes nothing. */
static char *word_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const json_t *words = json_object_get(args, "args"), *word;
	char **argv = calloc(json_array_size(words) + 4, sizeof(*argv));
	char line[FIRST_LINE_MAX_BYTES + 1], *interpreter[2] = { 0 };
	size_t n = 0, i;
	int r;

	if (!argv)
		abort();
	r = find_interpreter(json_get_text(args, "source", ""), line, interpreter, err);
	if (r == 0) {
		argv[n++] = interpreter[0];
		if (interpreter[1])
			argv[n++] = interpreter[1];
		argv[n++] = word_of(RUN_SCRIPT_PATH);
		json_array_foreach(words, i, word) argv[n++] = word_of(json_string_value(word));
		json_put(result, "name", json_incref(json_object_get(args, "name")));
		json_put(result, "sha256", json_incref(json_object_get(args, "sha256")));
		r = outcome_run(task, argv, args, result, err);
	}
	free(argv);
	return r;
}

const struct tool tool_run_script = {
	.info = {
		.name = "run_script",
		.summary = "Runs a script of a skill, which can read the host and change nothing.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\",\"sha256\",\"source\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":400,"
			  "\"description\":\"for people: skill/scripts/x.sh\"},"
			  "\"sha256\":{\"type\":\"string\",\"minLength\":64,\"maxLength\":64,"
			  "\"description\":\"of the source, in hex: what a policy names\"},"
			  "\"source\":{\"type\":\"string\",\"minLength\":4,\"maxLength\":32768,"
			  "\"description\":\"its text, which begins with #! and an interpreter\"},"
			  "\"args\":{\"type\":\"array\",\"maxItems\":32,\"items\":"
			  "{\"type\":\"string\",\"maxLength\":4096}},"
			  "\"timeout_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":300,"
			  "\"default\":30}}}",
		.result = "name: string, sha256: string, " OUTCOME_RESULT,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_SCRIPT,
		.timeout_ms = 305000,
	},
	.run = run,
};
