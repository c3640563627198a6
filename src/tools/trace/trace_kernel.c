/* trace_kernel: a time-limited, read-only look into the kernel. */
#include <errno.h>
#include <string.h>

#include "call/broker.h"
#include "call/progress.h"
#include "kernel/trace/preset.h"
#include "kernel/trace/trace.h"
#include "tools/catalogue.h"

/* --- what a trace asks its owner ---------------------------------------------------- */

static json_t *name_kernel(const struct trace_owner *owner, const json_t *addresses)
{
	CLEANUP(json) json_t *args = json_pack("{s:O}", "addresses", addresses);
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	answer = broker_ask(owner->data, BROKER_KERNEL_NAMES, args, &err);
	return json_incref(json_object_get(answer, "names"));
}

static json_t *read_maps(const struct trace_owner *owner, int64_t pid)
{
	CLEANUP(json) json_t *args = json_pack("{s:I}", "pid", (json_int_t)pid);
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	answer = broker_ask(owner->data, BROKER_CODE_MAPS, args, &err);
	return json_incref(json_object_get(answer, "maps"));
}

static json_t *read_record(const struct trace_owner *owner, const char *target)
{
	CLEANUP(json) json_t *args = json_pack("{s:s}", "target", target);
	struct error err = { 0 };

	return broker_ask(owner->data, BROKER_TRACEPOINT, args, &err);
}

/* A line of JSON, which whoever shows it takes for the table at that moment. */
static void show(const struct trace_owner *owner, const json_t *so_far)
{
	struct task *task = owner->data;
	CLEANUP(text) char *text = json_canonical(so_far);

	progress_add(task->progress, PROGRESS_STDOUT, text, strlen(text));
	progress_add(task->progress, PROGRESS_STDOUT, "\n", 1);
}

static int run_request(struct task *task, const struct trace_request *request, json_t *result,
		       struct error *err)
{
	struct trace_owner owner = {
		.name_kernel = name_kernel,
		.read_maps = read_maps,
		.read_record = read_record,
		.show = task->progress ? show : NULL,
		.data = task,
	};

	return trace_run(request, &owner, task->deadline_ns, result, err);
}

/* --- requests ------------------------------------------------------------------------- */

/* A request of somebody's own, or what a preset's name alone stands for. */
static int run_own(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	struct trace_request request;
	int r = trace_request_parse(args, &request, err);

	return r < 0 ? r : run_request(task, &request, result, err);
}

static int run_one(struct task *task, const char *text, const json_t *args, json_t *result,
		   struct error *err)
{
	CLEANUP(json) json_t *asked = json_parse(text, strlen(text), 64 * KIB, err);
	struct trace_request request;
	int r = asked ? trace_request_parse(asked, &request, err) : err->code;

	if (r == 0)
		r = trace_request_narrow(&request, args, err);
	return r < 0 ? r : run_request(task, &request, result, err);
}

/* What this kernel refuses of the better request it may grant of the next. */
static int run_preset(struct task *task, const struct trace_preset *preset, const json_t *args,
		      json_t *result, struct error *err)
{
	struct error why = { 0 }, first = { 0 };
	int r = -EINVAL;

	json_put(result, "preset", json_string(preset->name));
	json_put(result, "summary", json_string(preset->summary));
	for (size_t i = 0; i < PRESET_MAX_REQUESTS && preset->requests[i]; i++) {
		r = run_one(task, preset->requests[i], args, result, &why);
		if (r == 0 && i)
			json_put(result, "instead_of", json_string(first.text));
		if (r == 0)
			return 0;
		if (i == 0)
			first = why;
		if (r == -EPERM || r == -EINVAL)
			break;
	}
	return error_set(err, r, "%s: %s", preset->name, why.text);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *name = json_get_text(args, "preset", "");
	const struct trace_preset *preset;

	if (!name[0])
		return run_own(task, args, result, err);
	preset = trace_preset_find(name);
	if (!preset)
		return error_set(err, -EINVAL,
				 "there is no preset '%s': 'constable trace' lists them", name);
	if (json_object_get(args, "target") || json_object_get(args, "probes"))
		return error_set(err, -EINVAL, "give either a preset or a target");
	return run_preset(task, preset, args, result, err);
}

#define TEXT(max) "{\"type\":\"string\",\"maxLength\":" max "}"
#define TYPE                                                                                 \
	"{\"type\":\"string\",\"enum\":[\"tracepoint\",\"raw\",\"btf\",\"perf\",\"kprobe\"," \
	"\"kretprobe\",\"fentry\",\"fexit\",\"uprobe\",\"uretprobe\"]}"
#define FILTERS                                                                                    \
	"{\"type\":[\"array\",\"object\"],\"maxItems\":6,\"items\":{\"type\":\"object\","          \
	"\"additionalProperties\":false,\"required\":[\"field\",\"value\"],"                       \
	"\"properties\":{\"field\":" TEXT(                                                         \
		"200") ",\"op\":{\"type\":\"string\","                                             \
		       "\"enum\":[\"eq\",\"ne\",\"lt\",\"le\",\"gt\",\"ge\",\"in\"]},"             \
		       "\"value\":{\"type\":[\"integer\",\"string\",\"array\"],\"maxItems\":16}}}" \
		       ","                                                                         \
		       "\"description\":\"[{field, op, value}] that must all hold, or {FIELD: "    \
		       "VALUE}\"}"
#define PROBES                                                                                 \
	"{\"type\":\"array\",\"maxItems\":8,\"items\":{\"type\":\"object\","                   \
	"\"additionalProperties\":false,\"required\":[\"target\"],\"properties\":{"            \
	"\"type\":" TYPE ",\"target\":" TEXT("255") ",\"filters\":" FILTERS ",\"join\":" TEXT( \
		"200") ",\"keep\":" TEXT("200") ",\"first\":{\"type\":\"boolean\"}}}}"
#define COUNT(most) "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" most "}"

const struct tool tool_trace_kernel = {
	.info = {
		.name = "trace_kernel",
		.summary = "Watches events inside the kernel for a while and counts or times them: "
			   "by a preset's name (disk-latency, tcp-connects, file-opens, syscalls, "
			   "runq-latency, ...) or by a request of its own.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"preset\":" TEXT("64") ","
			  "\"name\":" TEXT("64") ","
			  "\"type\":" TYPE ",\"target\":" TEXT("255") ","
			  "\"filters\":" FILTERS ",\"start\":" PROBES ",\"probes\":" PROBES ","
			  "\"join\":" TEXT("200") ",\"keep\":" TEXT("200") ","
			  "\"key\":{\"type\":[\"string\",\"array\"],\"maxItems\":3,"
			  "\"items\":{\"type\":\"string\"},\"description\":"
			  "\"fields to count by: [NAME=]PATH[:FORMAT]\"},"
			  "\"value\":" TEXT("200") ",\"subject\":" TEXT("200") ","
			  "\"aggregate\":{\"type\":\"string\",\"enum\":[\"count\",\"hist\","
			  "\"sum\",\"events\",\"latency\",\"depth\"]},"
			  "\"pid\":" COUNT("4194304") ",\"comm\":" TEXT("15") ","
			  "\"cgroup\":{\"type\":\"integer\",\"minimum\":1,\"description\":"
			  "\"inode number of the control group's folder\"},"
			  "\"stacks\":{\"type\":\"string\",\"enum\":[\"kernel\",\"user\","
			  "\"both\"]},"
			  "\"duration_ms\":" COUNT("300000") ",\"duration\":" COUNT("300") ","
			  "\"limits\":{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"properties\":{\"keys\":" COUNT("8192") ",\"events\":" COUNT("5000")
			  ",\"events_per_second\":" COUNT("1000000") "}}}}",
		.result = "preset?: string, summary?: string, instead_of?: string, " TRACE_RESULT,
		.risk = TOOL_TRACES,
		.needs = TOOL_NEEDS_TRACE | TOOL_NEEDS_BROKER,
		.timeout_ms = 310000,
	},
	.run = run,
};
