/* list_cases: which investigations are kept on this host? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/cases.h"
#include "tools/catalogue.h"

#define FOLDER "var/lib/constable/cases"

/* A line of what the warden gives: "BYTES NAME". */
static bool add(json_t *cases, struct str line)
{
	const char *space = memchr(line.data, ' ', line.len);

	if (!space)
		return false;
	json_push(cases, json_pack("{s:o, s:I}", "name",
				   json_text(space + 1, line.len - (size_t)(space + 1 - line.data)),
				   "size_bytes", (json_int_t)strtoll(line.data, NULL, 10)));
	return true;
}

/* What a fixture has in the folder itself. */
static void list_fixture(const struct host *host, struct buf *out)
{
	CLEANUP(json) json_t *names = host_list(host, FOLDER, CASES_MAX_LISTED);

	for (size_t i = json_array_size(names); i-- > 0;) {
		const char *file = json_string_value(json_array_get(names, i));
		const char *end = strstr(file, CASES_SUFFIX);
		char path[300];
		CLEANUP(buf) struct buf text = { 0 };

		text_format(path, sizeof(path), FOLDER "/%s", file);
		buf_init(&text, CASES_MAX_BYTES);
		if (end && host_read_buf(host, path, &text) == 0)
			buf_add_format(out, "%zu %.*s\n", text.len, (int)(end - file), file);
	}
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	size_t max = (size_t)json_get_int(args, "max", 100), n = 0;
	json_t *cases = json_array();
	CLEANUP(buf) struct buf own = { 0 };
	const struct buf *given = task->given;
	const char *at;
	struct str line;

	json_put(result, "cases", cases);
	if (!given && !task->host->is_fixture)
		return error_set(err, -ENOTSUP, "kept investigations are told by the warden alone");
	if (!given) {
		buf_init(&own, CASES_MAX_BYTES);
		list_fixture(task->host, &own);
		given = &own;
	}
	at = buf_text(given);
	while (scan_line(&at, &line))
		if (n++ < max && !add(cases, line))
			return error_set(err, -EBADMSG, "the list of investigations has no sizes");
	json_put(result, "truncated", json_boolean(n > max));
	return 0;
}

const struct tool tool_list_cases = {
	.info = {
		.name = "list_cases",
		.summary = "The investigations of this host that are kept on it, newest first: names "
			   "for read_case.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
			  "\"default\":100,\"description\":\"how many, the newest\"}}}",
		.result = "cases: [{name: string, size_bytes: integer}], truncated: boolean",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_CASES,
	},
	.run = run,
};
