#include "script.h"

#include <err.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/jsonrpc.h"

#define TEXT_MAX_BYTES MIB

struct script {
	struct event_base *base;
	struct mcp_offer offer;
	json_t *file, *lists;
	struct mcp_http *http;
};

/* A call on its way through its steps. */
struct run {
	const struct script *script;
	struct mcp_call *call;
	const json_t *steps;
	size_t at;
	json_t *seen; /* {"arguments", "answers", "rest"} */
	struct event timer;
};

static void go_on(struct run *run);

static void run_free(struct run *run)
{
	(void)event_del(&run->timer);
	json_decref(run->seen);
	free(run);
}

static size_t read_number(const char *text)
{
	return text ? strtoul(text, NULL, 10) : 0;
}

/* --- what stands for what ------------------------------------------------------------------ */

static const json_t *look_up(const json_t *seen, const char *path, size_t len)
{
	CLEANUP(text) char *copy = strndup(path, len);
	char *rest = copy, *name;

	while (seen && (name = strsep(&rest, "/")))
		seen = json_is_array(seen) ? json_array_get(seen, read_number(name))
					   : json_object_get(seen, name);
	return seen;
}

static json_t *fill_text(const json_t *seen, const char *text)
{
	CLEANUP(buf) struct buf out = { 0 };
	const char *begin, *end;

	buf_init(&out, TEXT_MAX_BYTES);
	while ((begin = strstr(text, "${")) && (end = strchr(begin, '}'))) {
		const json_t *value = look_up(seen, begin + 2, (size_t)(end - begin - 2));
		CLEANUP(text) char *shown = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

		buf_add(&out, text, (size_t)(begin - text));
		buf_add_text(&out, json_is_string(value) ? json_string_value(value)
				   : shown               ? shown
							 : "nothing");
		text = end + 1;
	}
	buf_add_text(&out, text);
	return json_string(buf_text(&out));
}

static json_t *fill(const json_t *seen, const json_t *form)
{
	json_t *filled, *value;
	const char *key;
	size_t i;

	if (json_is_string(form))
		return fill_text(seen, json_string_value(form));
	if (json_is_array(form)) {
		filled = json_array();
		json_array_foreach(form, i, value) json_push(filled, fill(seen, value));
		return filled;
	}
	if (!json_is_object(form))
		return json_deep_copy(form);
	filled = json_object();
	json_object_foreach((json_t *)(uintptr_t)form, key, value)
		json_put(filled, key, fill(seen, value));
	return filled;
}

/* --- steps --------------------------------------------------------------------------------- */

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	go_on(data);
}

/* The capability that a request to the client needs: "sampling" of "sampling/createMessage". */
static bool can_ask(const struct mcp_call *call, const json_t *request)
{
	const char *method = json_get_text(request, "method", "");
	CLEANUP(text) char *capability = strndup(method, strcspn(method, "/"));

	return mcp_call_can_ask(call, capability);
}

/* What it can be asked and has not answered in this round. */
static json_t *left_to_ask(const struct mcp_call *call, const json_t *requests,
			   const json_t *answers)
{
	json_t *left = json_object();
	const char *key;
	json_t *request;

	json_object_foreach((json_t *)(uintptr_t)requests, key, request)
	{
		if (can_ask(call, request) && !json_object_get(answers, key))
			json_put(left, key, json_incref(request));
	}
	return left;
}

/* False: the client is asked, and the run is over. */
static bool ask(struct run *run, const json_t *requests, const json_t *answers)
{
	CLEANUP(json) json_t *left = left_to_ask(run->call, requests, answers);
	json_t *filled;
	struct mcp_call *call = run->call;
	char state[32];

	if (!json_object_size(left))
		return true;
	text_format(state, sizeof(state), "%zu", run->at);
	filled = fill(run->seen, left);
	run_free(run);
	mcp_call_ask(call, filled, state);
	return false;
}

static void finish(struct run *run, const json_t *step)
{
	const json_t *error = json_object_get(step, "error");
	struct mcp_call *call = run->call;
	json_t *result = fill(run->seen, json_object_get(step, "result"));

	run_free(run);
	if (!error) {
		mcp_call_answer(call, result);
		return;
	}
	json_decref(result);
	mcp_call_refuse(call, (int)json_integer_value(json_array_get(error, 0)),
			json_string_value(json_array_get(error, 1)));
}

static json_int_t read_wait_ms(const struct run *run, const json_t *step)
{
	const json_t *form = json_object_get(step, "wait_s");
	CLEANUP(json) json_t *filled = form ? fill(run->seen, form) : NULL;

	if (!filled)
		return json_get_int(step, "wait_ms", 0);
	return (json_int_t)read_number(json_string_value(filled)) * 1000;
}

/* False: it could only be a task, and the run is over. */
static bool become_task(struct run *run, const json_t *task)
{
	struct mcp_call *call = run->call;

	if (mcp_call_become_task(call) || !json_is_string(task))
		return true;
	run_free(run);
	mcp_call_refuse_without_tasks(call);
	return false;
}

/* False where it waits or is over. */
static bool take_step(struct run *run, const json_t *step, const json_t *answers)
{
	const json_t *log = json_object_get(step, "log");
	const json_t *progress = json_object_get(step, "progress");
	const json_t *requests = json_object_get(step, "ask");
	const char *need = json_get_text(step, "need", NULL);
	const char *changed = json_get_text(step, "changed", NULL);
	json_int_t wait_ms = read_wait_ms(run, step);
	const json_t *task = json_object_get(step, "task");
	struct mcp_call *call = run->call;

	if (log) {
		mcp_call_log(call, json_string_value(json_array_get(log, 0)), "script",
			     json_incref(json_array_get(log, 1)));
	} else if (progress) {
		mcp_call_progress(call, json_number_value(json_array_get(progress, 0)),
				  json_number_value(json_array_get(progress, 1)), "on the way");
	} else if (changed) {
		mcp_http_tell_changed(run->script->http, changed);
	} else if (requests) {
		return ask(run, requests, answers);
	} else if (need) {
		if (mcp_call_can_ask(call, need))
			return true;
		run_free(run);
		mcp_call_refuse_incapable(call, need);
		return false;
	} else if (task) {
		return become_task(run, task);
	} else if (wait_ms || json_object_get(step, "wait_s")) {
		struct timeval wait = { .tv_sec = wait_ms / 1000,
					.tv_usec = (suseconds_t)(wait_ms % 1000) * 1000 };

		run->at++;
		(void)event_add(&run->timer, &wait);
		return false;
	} else {
		finish(run, step);
		return false;
	}
	return true;
}

static void go_on(struct run *run)
{
	const char *state = mcp_call_state(run->call);
	size_t asked_at = read_number(state);

	/* Answers are those to the question that was asked last. */
	while (take_step(run, json_array_get(run->steps, run->at),
			 run->at == asked_at ? mcp_call_answers(run->call) : NULL))
		run->at++;
}

/* --- the offer ----------------------------------------------------------------------------- */

static const json_t *find_template(const struct script *script, const char *uri, json_t **rest_out)
{
	const json_t *item;
	size_t i, len = strlen(uri);

	json_array_foreach(json_object_get(script->file, "templates"), i, item)
	{
		const char *prefix = json_get_text(item, "prefix", "");
		const char *suffix = json_get_text(item, "suffix", "");
		size_t n_prefix = strlen(prefix), n_suffix = strlen(suffix);

		if (len <= n_prefix + n_suffix || strncmp(uri, prefix, n_prefix) != 0 ||
		    strcmp(uri + len - n_suffix, suffix) != 0)
			continue;
		*rest_out = json_text(uri + n_prefix, len - n_prefix - n_suffix);
		return item;
	}
	return NULL;
}

static const json_t *find_item(const struct script *script, const struct mcp_call *call,
			       json_t **rest_out)
{
	const char *name = json_get_text(mcp_call_params(call), "name", "");
	const char *uri = json_get_text(mcp_call_params(call), "uri", "");
	const json_t *item;

	if (mcp_call_kind(call) == MCP_TOOL)
		return mcp_offer_find(json_object_get(script->file, "tools"), "name", name);
	if (mcp_call_kind(call) == MCP_PROMPT)
		return mcp_offer_find(json_object_get(script->file, "prompts"), "name", name);
	item = mcp_offer_find(json_object_get(script->file, "resources"), "uri", uri);
	return item ? item : find_template(script, uri, rest_out);
}

static void start_run(const struct script *script, struct mcp_call *call, const json_t *item,
		      json_t *rest)
{
	const char *state = mcp_call_state(call);
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	run->script = script;
	run->call = call;
	run->steps = json_object_get(item, "steps");
	run->at = read_number(state);
	run->seen = json_pack("{s:O*, s:O*, s:O*}", "rest", rest, "arguments",
			      mcp_call_arguments(call), "answers", mcp_call_answers(call));
	if (event_assign(&run->timer, script->base, -1, 0, handle_timer, run) < 0)
		abort();
	mcp_call_set_data(call, run);
	go_on(run);
}

static void start(struct mcp_call *call)
{
	const struct script *script = mcp_call_offer(call)->data;
	CLEANUP(json) json_t *rest = NULL;
	const json_t *item;

	switch (mcp_call_kind(call)) {
	case MCP_COMPLETION:
		mcp_call_answer(call, json_pack("{s:{s:[], s:i, s:b}}", "completion", "values",
						"total", 0, "hasMore", false));
		return;
	case MCP_SUBSCRIBE:
	case MCP_UNSUBSCRIBE:
		mcp_call_answer(call, json_object());
		return;
	default:
		item = find_item(script, call, &rest);
	}
	if (item)
		start_run(script, call, item, rest);
	else if (mcp_call_kind(call) == MCP_RESOURCE)
		mcp_call_refuse_uri(call);
	else
		mcp_call_refuse(call, JSONRPC_INVALID_PARAMS, "there is no such thing");
}

static void cancel(struct mcp_call *call)
{
	run_free(mcp_call_data(call));
}

/* The items without what is ours. */
static json_t *list(const struct script *script, const char *name)
{
	json_t *items = json_deep_copy(json_object_get(script->file, name)), *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		(void)json_object_del(item, "steps");
		(void)json_object_del(item, "prefix");
		(void)json_object_del(item, "suffix");
	}
	json_put(script->lists, name, items);
	return items;
}

struct script *script_load(struct event_base *base, const char *path)
{
	struct script *script = calloc(1, sizeof(*script));
	json_error_t error;

	if (!script)
		abort();
	script->base = base;
	script->lists = json_object();
	script->file = json_load_file(path, 0, &error);
	if (!script->file)
		errx(2, "%s:%d: %s", path, error.line, error.text);
	script->offer = (struct mcp_offer) {
		.name = "script",
		.version = "1",
		.tools = list(script, "tools"),
		.prompts = list(script, "prompts"),
		.resources = list(script, "resources"),
		.templates = list(script, "templates"),
		.kinds = 1u << MCP_TOOL | 1u << MCP_PROMPT | 1u << MCP_RESOURCE |
			 1u << MCP_COMPLETION | 1u << MCP_SUBSCRIBE | 1u << MCP_UNSUBSCRIBE,
		.fresh_ms = 1000,
		.start = start,
		.cancel = cancel,
		.data = script,
	};
	return script;
}

const struct mcp_offer *script_offer(const struct script *script)
{
	return &script->offer;
}

void script_serve(struct script *script, struct mcp_http *http)
{
	script->http = http;
}
