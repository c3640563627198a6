/* Calls that go on behind their answer: the tasks extension of 2026-07-28 (SEP-2663). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "net/jsonrpc.h"
#include "surface/mcp/mcp_internal.h"

#define POLL_MS 1000

struct mcp_task {
	struct mcp_task *next;
	char id[NONCE_TEXT_BYTES];
	uint64_t made_ns, changed_ns; /* wall clock */
	uint64_t ttl_ns;
	uint64_t until_ns;     /* monotonic: when it is forgotten */
	struct mcp_call *call; /* NULL: it is over */
	const char *status;
	char message[MCP_TASK_MESSAGE_BYTES];
	json_t *wanted;         /* {key: request} of what its client has not answered, or NULL */
	char *outcome;          /* JSON text */
	const char *outcome_is; /* "result" or "error" */
};

/* --- its life ----------------------------------------------------------------------------- */

static void forget(struct mcp *mcp, struct mcp_task *task)
{
	struct mcp_task **at = &mcp->tasks;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	mcp->n_tasks--;
	mcp->n_task_bytes -= task->outcome ? strlen(task->outcome) : 0;
	json_decref(task->wanted);
	free(task->outcome);
	free(task);
}

void mcp_tasks_sweep(struct mcp *mcp)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct mcp_task *next;

	for (struct mcp_task *task = mcp->tasks; task; task = next) {
		next = task->next;
		if (task->until_ns > now_ns)
			continue;
		if (task->call)
			mcp_call_cancel(task->call);
		forget(mcp, task);
	}
}

void mcp_tasks_finish(struct mcp *mcp)
{
	while (mcp->tasks) {
		if (mcp->tasks->call)
			mcp_call_cancel(mcp->tasks->call);
		forget(mcp, mcp->tasks);
	}
}

bool mcp_has_tasks(const struct mcp *mcp)
{
	return mcp->tasks;
}

static void change(struct mcp_task *task, const char *status)
{
	task->status = status;
	task->changed_ns = clock_wall_ns();
}

/* --- what a client is told of it ---------------------------------------------------------- */

static json_t *describe(const struct mcp_task *task)
{
	uint64_t ttl_ms = task->ttl_ns / NS_PER_MS;
	char made[CLOCK_TEXT_BYTES], changed[CLOCK_TEXT_BYTES];
	json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:I, s:i}", "taskId", task->id, "status",
				  task->status, "createdAt", clock_format(task->made_ns, made),
				  "lastUpdatedAt", clock_format(task->changed_ns, changed), "ttlMs",
				  (json_int_t)(ttl_ms ? ttl_ms : 1), "pollIntervalMs", POLL_MS);

	if (task->message[0])
		json_put(about, "statusMessage", json_text(task->message, strlen(task->message)));
	return about;
}

/* With what came of it. */
static json_t *describe_whole(const struct mcp_task *task)
{
	json_t *about = describe(task);

	if (task->wanted)
		json_put(about, "inputRequests", json_incref(task->wanted));
	if (task->outcome)
		json_put(about, task->outcome_is, json_loads(task->outcome, 0, NULL));
	return about;
}

static void tell(struct mcp *mcp, const struct mcp_task *task)
{
	if (mcp_listens_to_task(mcp, task->id))
		mcp_tell_task(mcp, task->id, describe_whole(task));
}

/* --- a call becomes one, and ends ---------------------------------------------------------- */

bool mcp_call_can_be_task(const struct mcp_call *call)
{
	const json_t *extensions =
		json_object_get(mcp_request_capabilities(&call->request), "extensions");

	return call->request.is_modern && call->kind == MCP_TOOL &&
	       json_is_object(json_object_get(extensions, MCP_TASKS));
}

bool mcp_call_become_task(struct mcp_call *call)
{
	struct mcp *mcp = call->request.mcp;
	struct mcp_task *task;
	json_t *made;

	if (call->task)
		return true;
	mcp_tasks_sweep(mcp);
	if (!mcp_call_can_be_task(call) || mcp->n_tasks >= MCP_MAX_TASKS)
		return false;
	task = calloc(1, sizeof(*task));
	if (!task)
		abort();
	nonce_make(task->id);
	task->call = call;
	task->made_ns = clock_wall_ns();
	task->ttl_ns = mcp->task_ttl_ns ? mcp->task_ttl_ns : MCP_TASK_TTL_NS;
	task->until_ns = clock_monotonic_ns() + task->ttl_ns;
	task->next = mcp->tasks;
	mcp->tasks = task;
	mcp->n_tasks++;
	change(task, "working");
	made = describe(task);
	json_put(made, "resultType", json_string("task"));
	mcp_reply(&call->request, made);
	call->task = task;
	/* From here on it is known by its taskId alone. */
	call->request.exchange = NULL;
	json_decref(call->request.id);
	call->request.id = json_null();
	return true;
}

static void end(struct mcp *mcp, struct mcp_task *task, const char *status)
{
	task->call->task = NULL;
	task->call = NULL;
	change(task, status);
	tell(mcp, task);
}

static void keep(struct mcp *mcp, struct mcp_task *task, const char *what, json_t *outcome)
{
	CLEANUP(json) json_t *owned = outcome;
	char *text = json_dumps(owned, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		abort();
	if (mcp->n_task_bytes + len > MCP_TASK_MAX_BYTES) {
		free(text);
		what = "error";
		text = json_fill("{\"code\":$i,\"message\":$s}", (int64_t)JSONRPC_INTERNAL_ERROR,
				 "the result is too large to be kept beside those that wait; take "
				 "it without a task");
		len = strlen(text);
	}
	mcp->n_task_bytes += len;
	task->outcome = text;
	task->outcome_is = what;
	end(mcp, task, strcmp(what, "result") == 0 ? "completed" : "failed");
}

void mcp_task_complete(struct mcp_call *call, json_t *result)
{
	mcp_complete(&call->request, result);
	keep(call->request.mcp, call->task, "result", result);
}

void mcp_task_fail(struct mcp_call *call, int code, const char *sentence)
{
	keep(call->request.mcp, call->task, "error",
	     json_pack("{s:i, s:s}", "code", code, "message", sentence));
}

void mcp_task_cancelled(struct mcp_call *call)
{
	json_decref(call->task->wanted);
	call->task->wanted = NULL;
	end(call->request.mcp, call->task, "cancelled");
}

void mcp_task_say(struct mcp_call *call, const char *text)
{
	text_copy(call->task->message, sizeof(call->task->message), text);
	call->task->changed_ns = clock_wall_ns();
}

void mcp_task_ask(struct mcp_call *call, json_t *requests, const char *state)
{
	struct mcp_task *task = call->task;

	free(call->state);
	call->state = state ? strdup(state) : NULL;
	json_decref(call->answers);
	call->answers = json_object();
	call->asked = json_incref(requests);
	task->wanted = requests;
	change(task, "input_required");
	tell(call->request.mcp, task);
}

/* --- what its client asks ------------------------------------------------------------------ */

static void get(const struct mcp_request *request, struct mcp_task *task)
{
	mcp_reply(request, describe_whole(task));
}

static void cancel(const struct mcp_request *request, struct mcp_task *task)
{
	if (task->call)
		mcp_call_cancel(task->call);
	mcp_reply(request, NULL);
}

/* Answers to what it wants; the last of them starts it once more. */
static void take_answers(struct mcp_task *task, const json_t *responses)
{
	struct mcp_call *call = task->call;
	const char *key;
	json_t *response;

	json_object_foreach((json_t *)(uintptr_t)responses, key, response)
	{
		if (json_is_object(response) && json_object_get(task->wanted, key)) {
			json_put(call->answers, key, json_incref(response));
			(void)json_object_del(task->wanted, key);
		}
	}
	if (json_object_size(task->wanted))
		return;
	json_decref(task->wanted);
	json_decref(call->asked);
	task->wanted = call->asked = NULL;
	change(task, "working");
	call->request.mcp->offer->start(call);
}

static void update(const struct mcp_request *request, struct mcp_task *task)
{
	const json_t *responses = json_object_get(request->params, "inputResponses");

	if (!json_is_object(responses)) {
		mcp_refuse(request, JSONRPC_INVALID_PARAMS, "inputResponses are an object");
		return;
	}
	mcp_reply(request, NULL);
	if (task->wanted)
		take_answers(task, responses);
}

static const struct {
	const char *method;
	void (*serve)(const struct mcp_request *request, struct mcp_task *task);
} methods[] = {
	{ "tasks/cancel", cancel },
	{ "tasks/get", get },
	{ "tasks/update", update },
};

static struct mcp_task *find(const struct mcp *mcp, const char *id)
{
	struct mcp_task *task = mcp->tasks;

	while (task && strcmp(task->id, id) != 0)
		task = task->next;
	return task;
}

bool mcp_knows_task(const struct mcp *mcp, const char *id)
{
	return find(mcp, id);
}

bool mcp_task_serve(const struct mcp_request *request, const char *method)
{
	const json_t *extensions = json_object_get(mcp_request_capabilities(request), "extensions");
	struct mcp_task *task;
	size_t i = 0;

	while (i < ARRAY_LEN(methods) && strcmp(methods[i].method, method) != 0)
		i++;
	if (i == ARRAY_LEN(methods) || !request->is_modern || !request->mcp->offer->tools)
		return false;
	if (!json_is_object(json_object_get(extensions, MCP_TASKS))) {
		mcp_refuse_extension(request, MCP_TASKS);
		return true;
	}
	mcp_tasks_sweep(request->mcp);
	task = find(request->mcp, json_get_text(request->params, "taskId", ""));
	if (task)
		methods[i].serve(request, task);
	else
		mcp_refuse(
			request, JSONRPC_INVALID_PARAMS,
			"no task has this taskId, or it is over for so long that it is forgotten");
	return true;
}
