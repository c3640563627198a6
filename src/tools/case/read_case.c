/* read_case: what did a kept investigation find, and on what evidence? */
#include <errno.h>
#include <string.h>

#include "call/cases.h"
#include "tools/catalogue.h"

#define PART_BYTES (256 * KIB) /* of evidence, unless asked otherwise */
#define REPORT_MAX_BYTES (768 * KIB)

static json_t *parse(struct task *task, const json_t *args, struct error *err)
{
	CLEANUP(buf) struct buf own = { 0 };
	const struct buf *given = task->given;
	char path[300];
	json_t *bundle;

	if (!given && task->host->is_fixture) {
		text_format(path, sizeof(path), "var/lib/constable/cases/%s" CASES_SUFFIX,
			    json_get_text(args, "name", ""));
		buf_init(&own, CASES_MAX_BYTES);
		given = host_read_buf(task->host, path, &own) == 0 ? &own : NULL;
	}
	if (!given) {
		error_set(err, -ENOENT, "no such investigation is kept; list_cases names them");
		return NULL;
	}
	bundle = json_parse(buf_text(given), given->len, CASES_MAX_BYTES, err);
	if (bundle && json_get_int(bundle, "constable_case", 0) == 1)
		return bundle;
	if (bundle)
		error_set(err, -EBADMSG, "the file is no case of version 1");
	json_decref(bundle);
	return NULL;
}

static const json_t *find(const json_t *bundle, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "evidence"), i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			return item;
	}
	return NULL;
}

static void copy(const json_t *from, const char *const *members, json_t *result)
{
	for (; *members; members++)
		if (json_object_get(from, *members))
			json_put(result, *members, json_incref(json_object_get(from, *members)));
}

/* Whole characters: a part begins where the one before has ended. */
static size_t cut(const char *bytes, size_t len, size_t at)
{
	if (at >= len)
		return len;
	while (at && ((unsigned char)bytes[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static int give_evidence(const json_t *bundle, const json_t *args, json_t *result,
			 struct error *err)
{
	static const char *const members[] = { "id",     "tool",  "args",       "time",
					       "sha256", "error", "elapsed_ms", NULL };
	const char *id = json_get_text(args, "evidence", "");
	const json_t *item = find(bundle, id);
	const char *bytes = json_get_text(item, "bytes", NULL);
	size_t from = (size_t)json_get_int(args, "offset", 0), len, end;

	if (!item)
		return error_set(err, -ENOENT, "the investigation has no evidence '%.50s'", id);
	copy(item, members, result);
	if (!bytes)
		return 0;
	len = strlen(bytes);
	from = cut(bytes, len, from);
	end = cut(bytes, len, from + (size_t)json_get_int(args, "max_bytes", PART_BYTES));
	json_put(result, "bytes", json_text(bytes + from, end - from));
	json_put(result, "offset", json_integer((json_int_t)from));
	json_put(result, "total_bytes", json_integer((json_int_t)len));
	json_put(result, "truncated", json_boolean(from > 0 || end < len));
	return 0;
}

static json_t *list_evidence(const json_t *bundle)
{
	static const char *const members[] = { "id", "tool", "args", "time", "sha256", NULL };
	json_t *list = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "evidence"), i, item)
	{
		json_t *line = json_object();

		copy(item, members, line);
		json_push(list, line);
	}
	return list;
}

static int give_report(const json_t *bundle, json_t *result, struct error *err)
{
	static const char *const members[] = { "question", "report", NULL };
	size_t len;

	copy(bundle, members, result);
	json_put(result, "evidence", list_evidence(bundle));
	len = json_dumpb(result, NULL, 0, JSON_COMPACT);
	return len <= REPORT_MAX_BYTES
		       ? 0
		       : error_set(err, -E2BIG, "the report has %zu bytes; at most %zu are read",
				   len, REPORT_MAX_BYTES);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *bundle = parse(task, args, err);
	const char *name = json_get_text(args, "name", "");

	if (!bundle)
		return err->code;
	json_put(result, "name", json_text(name, strlen(name)));
	return json_object_get(args, "evidence") ? give_evidence(bundle, args, result, err)
						 : give_report(bundle, result, err);
}

const struct tool tool_read_case = {
	.info = {
		.name = "read_case",
		.summary = "The report of an investigation that is kept on this host, or with "
			   "'evidence' the exact result that it cites by that id.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
			  "\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":127,"
			  "\"description\":\"as list_cases has it\"},"
			  "\"evidence\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":50,"
			  "\"description\":\"an id of the report's evidence\"},"
			  "\"offset\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":8388608,"
			  "\"default\":0,\"description\":\"first byte of the evidence\"},"
			  "\"max_bytes\":{\"type\":\"integer\",\"minimum\":16,\"maximum\":409600,"
			  "\"default\":262144,\"description\":\"of the evidence\"}}}",
		.result = "name: string, question?: string|null, report?: any, "
			  "evidence?: [{id: string, tool?: string, args?: any, time?: string, "
			  "sha256?: string}], id?: string, tool?: string, args?: any, time?: string, "
			  "sha256?: string, error?: any, elapsed_ms?: number, bytes?: string, "
			  "offset?: integer, total_bytes?: integer, truncated?: boolean",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_CASES,
	},
	.run = run,
};
