/* get_process: one process in depth. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "call/broker.h"
#include "host/fields.h"
#include "host/process_detail.h"
#include "host/process_limits.h"
#include "tools/catalogue.h"
#include "tools/sample.h"

#define STATUS_BYTES 8192
#define CHILDREN_MAX 50
#define ANCESTORS_MAX 32
#define FILES_MAX 100

static json_t *words(const struct host *host, uint32_t pid, const char *file)
{
	char text[4096];
	ssize_t len = process_read_file(host, pid, file, text, sizeof(text));

	if (len <= 0)
		return json_null();
	return json_text(text, strcspn(text, "\n"));
}

static json_t *number(const struct host *host, uint32_t pid, const char *file)
{
	char text[64];
	const char *at = text;
	int64_t value;

	if (process_read_file(host, pid, file, text, sizeof(text)) <= 0 || !scan_i64(&at, &value))
		return json_null();
	return json_integer(value);
}

static void put_memory(const char *status, json_t *result)
{
	static const char *const members[][2] = {
		{ "virtual_bytes", "VmSize" },    { "peak_rss_bytes", "VmHWM" },
		{ "swapped_bytes", "VmSwap" },    { "locked_bytes", "VmLck" },
		{ "anonymous_bytes", "RssAnon" }, { "shared_memory_bytes", "RssShmem" },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		uint64_t kib = fields_get(status, members[i][1], UINT64_MAX);

		json_put(result, members[i][0],
			 json_count(kib > UINT64_MAX / KIB ? UINT64_MAX : kib * KIB));
	}
	json_put(result, "context_switches",
		 json_pack(
			 "{s:o, s:o}", "voluntary",
			 json_count(fields_get(status, "voluntary_ctxt_switches", UINT64_MAX)),
			 "involuntary",
			 json_count(fields_get(status, "nonvoluntary_ctxt_switches", UINT64_MAX))));
	json_put(result, "no_new_privileges",
		 json_boolean(fields_get(status, "NoNewPrivs", 0) != 0));
	json_put(result, "seccomp", json_count(fields_get(status, "Seccomp", UINT64_MAX)));
}

static json_t *limits_json(const struct host *host, uint32_t pid)
{
	static const char *const names[][2] = {
		{ "open_files", "Max open files" },
		{ "processes", "Max processes" },
		{ "core_bytes", "Max core file size" },
		{ "file_bytes", "Max file size" },
		{ "stack_bytes", "Max stack size" },
		{ "data_bytes", "Max data size" },
		{ "address_space_bytes", "Max address space" },
		{ "locked_memory_bytes", "Max locked memory" },
		{ "pending_signals", "Max pending signals" },
	};
	char text[2048];
	json_t *json;

	if (process_read_file(host, pid, "limits", text, sizeof(text)) <= 0)
		return json_null();
	json = json_object();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct process_limit limit;

		if (process_limits_parse(text, names[i][1], &limit))
			json_put(json, names[i][0],
				 json_pack("{s:o, s:o}", "soft", json_count(limit.soft), "hard",
					   json_count(limit.hard)));
	}
	return json;
}

static void put_family(const struct process_table *table, const struct process *process,
		       json_t *result)
{
	const struct process *parent = process;
	json_t *ancestors = json_array(), *children = json_array();
	size_t n_children = 0;

	for (size_t i = 0; i < ANCESTORS_MAX; i++) {
		parent = process_table_find(table, parent->ppid);
		if (!parent)
			break;
		json_push(ancestors, process_name_json(parent));
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->list[i].ppid == process->pid && n_children++ < CHILDREN_MAX)
			json_push(children, process_name_json(&table->list[i]));
	json_put(result, "ancestors", ancestors);
	json_put(result, "children", children);
	json_put(result, "n_children", json_integer((json_int_t)n_children));
}

/* What only the broker sees; its members are null where it may not say. */
static void put_inside(struct task *task, const json_t *question, json_t *result)
{
	static const char *const members[] = { "exe",  "exe_deleted", "cwd",
					       "root", "io",          "maps_files" };
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = broker_ask(task, BROKER_PROCESS, question, &err);

	if (!answer)
		tool_unread(result, "inside of the process", err.code);
	tool_unread_from(result, answer);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *value = json_object_get(answer, members[i]);

		json_put(result, members[i], value ? json_incref(value) : json_null());
	}
}

static void count_types(const json_t *files, json_t *result)
{
	json_t *by_type = json_object();
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		const char *type = json_get_text(file, "type", "other");

		json_put(by_type, type, json_integer(json_get_int(by_type, type, 0) + 1));
	}
	json_put(result, "fds_by_type", by_type);
}

static void put_files(struct task *task, const json_t *question, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = broker_ask(task, BROKER_OPEN_FILES, question, &err);
	int64_t pid = json_get_int(question, "pid", 0);
	const json_t *process, *files = NULL;
	json_t *list = json_array();
	size_t i;

	if (!answer)
		tool_unread(result, "open files of the process", err.code);
	tool_unread_from(result, answer);
	json_put(result, "n_fds", json_null());
	/* A recorded answer holds all processes. */
	json_array_foreach(json_object_get(answer, "processes"), i, process)
	{
		if (json_get_int(process, "pid", 0) != pid)
			continue;
		files = json_object_get(process, "files");
		json_put(result, "n_fds", json_integer(json_get_int(process, "n_fds", 0)));
		count_types(files, result);
	}
	for (i = 0; i < json_array_size(files) && i < FILES_MAX; i++)
		json_push(list, json_incref(json_array_get(files, i)));
	json_put(result, "files", list);
	if (json_array_size(files) > FILES_MAX)
		json_put(result, "truncated", json_true());
}

static void put_state(const struct host *host, const struct process *process, json_t *result)
{
	CLEANUP(process_view) struct process_view view = { 0 };
	CLEANUP(json) json_t *detail = NULL;
	char status[STATUS_BYTES];

	process_view_init(&view, host);
	detail = process_detail_json(&view, process);
	(void)json_object_update(result, detail);
	if (process_read_file(host, process->pid, "status", status, sizeof(status)) > 0)
		put_memory(status, result);
	json_put(result, "oom_score", number(host, process->pid, "oom_score"));
	json_put(result, "oom_score_adj", number(host, process->pid, "oom_score_adj"));
	json_put(result, "wchan", words(host, process->pid, "wchan"));
	json_put(result, "limits", limits_json(host, process->pid));
	json_put(result, "major_faults", json_count(process->major_faults));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	uint32_t pid = (uint32_t)json_get_int(args, "pid", 0);
	CLEANUP(json) json_t *question = json_pack("{s:I}", "pid", (json_int_t)pid);
	CLEANUP(process_table) struct process_table table = { 0 };
	struct process before, after;
	uint64_t elapsed_ns;

	if (!process_read(task->host, pid, &before))
		return error_set(err, -ESRCH, "no process has the number %" PRIu32, pid);
	elapsed_ns = sample_wait(task, args);
	if (!process_read(task->host, pid, &after) || after.start_ticks != before.start_ticks)
		return error_set(err, -ESRCH, "the process %" PRIu32 " ended meanwhile", pid);
	put_state(task->host, &after, result);
	json_put(result, "cpu_percent",
		 json_figure(process_cpu_percent(&before, &after, elapsed_ns)));
	if (process_table_read(task->host, &table) == 0)
		put_family(&table, &after, result);
	put_inside(task, question, result);
	put_files(task, question, result);
	return 0;
}

#define LIMIT "{soft: integer|null, hard: integer|null}"

const struct tool tool_get_process = {
	.info = {
		.name = "get_process",
		.summary = "One process in depth: what it runs, its memory, limits, cgroup, parents, "
			   "children, open files and I/O.",
		.schema = "{\"type\":\"object\",\"required\":[\"pid\"],\"properties\":{" SAMPLE_SCHEMA
			  ",\"pid\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647}},"
			  "\"additionalProperties\":false}",
		.result = PROCESS_DETAIL_RESULT
			", cpu_percent: number, virtual_bytes?: integer|null, "
			"peak_rss_bytes?: integer|null, swapped_bytes?: integer|null, "
			"locked_bytes?: integer|null, anonymous_bytes?: integer|null, "
			"shared_memory_bytes?: integer|null, "
			"context_switches?: {voluntary: integer|null, involuntary: integer|null}, "
			"no_new_privileges?: boolean, seccomp?: integer|null, "
			"oom_score: integer|null, oom_score_adj: integer|null, wchan: string|null, "
			"limits: {open_files?: " LIMIT ", processes?: " LIMIT ", core_bytes?: "
			LIMIT ", file_bytes?: " LIMIT ", stack_bytes?: " LIMIT ", data_bytes?: "
			LIMIT ", address_space_bytes?: " LIMIT ", locked_memory_bytes?: " LIMIT
			", pending_signals?: " LIMIT
			"}|null, major_faults: integer|null, ancestors?: [{" PROCESS_NAME_RESULT
			"}], children?: [{" PROCESS_NAME_RESULT
			"}], n_children?: integer, exe: string|null, exe_deleted: boolean|null, "
			"cwd: string|null, root: string|null, io: {read_bytes: integer, "
			"write_bytes: integer, cancelled_write_bytes: integer, "
			"read_chars: integer, written_chars: integer, read_calls: integer, "
			"write_calls: integer}|null, maps_files: [{path: string, "
			"deleted: boolean}]|null, n_fds: integer|null, fds_by_type?: {*: integer}, "
			"files: [{fd: integer, path: string, type: string, access: string, "
			"deleted: boolean, device?: string, inode?: integer, size_bytes?: integer, "
			"disk_bytes?: integer}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
