#include "surface/mcp/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

#define ABLE                                                                     \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	"\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{},"    \
	"\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}}"

/* An offer of one tool; its calls wait until the test ends them. */
struct scene {
	struct mcp mcp;
	struct mcp_offer offer;
	struct mcp_peer peer;
	json_t *tools, *said;  /* the last message */
	struct mcp_call *call; /* the last that was started */
	unsigned n_said, n_cancelled, n_waited;
};

static void say(void *data, void *exchange UNUSED, const struct mcp_word *word)
{
	struct scene *scene = data;
	struct error err = { 0 };

	json_decref(scene->said);
	scene->said = json_parse(word->text, strlen(word->text), 16 * MIB, &err);
	CHECK(scene->said);
	scene->n_said++;
}

static void start(struct mcp_call *call)
{
	struct scene *scene = mcp_call_offer(call)->data;

	scene->call = call;
	if (!mcp_call_become_task(call))
		scene->n_waited++;
}

static void cancel(struct mcp_call *call)
{
	struct scene *scene = mcp_call_offer(call)->data;

	scene->n_cancelled++;
}

static void open_scene(struct scene *scene)
{
	*scene = (struct scene) { .tools = json_pack("[{s:s}]", "name", "tool") };
	scene->peer = (struct mcp_peer) { .say = say, .data = scene };
	scene->offer = (struct mcp_offer) { .name = "test",
					    .version = "1",
					    .tools = scene->tools,
					    .kinds = 1u << MCP_TOOL,
					    .start = start,
					    .cancel = cancel,
					    .data = scene };
	scene->mcp = (struct mcp) { .peer = &scene->peer, .offer = &scene->offer };
}

static void close_scene(struct scene *scene)
{
	mcp_finish(&scene->mcp);
	json_decref(scene->tools);
	json_decref(scene->said);
}

static const json_t *ask(struct scene *scene, const char *method, const char *members)
{
	CLEANUP(text)
	char *text =
		json_fill("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":$s,\"params\":{$j," ABLE "}}",
			  method, members);

	mcp_take(&scene->mcp, NULL, text, strlen(text));
	return json_object_get(scene->said, "result");
}

/* Calls the tool; the id of its task, heap text, or NULL where it is none. */
static char *call(struct scene *scene)
{
	const json_t *made = ask(scene, "tools/call", "\"name\":\"tool\"");
	const char *id = json_get_text(made, "taskId", NULL);

	return id ? strdup(id) : NULL;
}

static const json_t *of_task(struct scene *scene, const char *method, const char *id)
{
	CLEANUP(text) char *members = json_fill("\"taskId\":$s", id);

	return ask(scene, method, members);
}

static int code(const struct scene *scene)
{
	return (int)json_get_int(json_object_get(scene->said, "error"), "code", 0);
}

TEST(a_task_goes_on_behind_its_answer)
{
	struct scene scene;
	CLEANUP(text) char *id = NULL;
	const json_t *told;

	open_scene(&scene);
	id = call(&scene);
	CHECK(id);
	CHECK_TEXT(json_get_text(of_task(&scene, "tasks/get", id), "status", ""), "working");
	mcp_call_progress(scene.call, 1, 2, "half of it");
	told = of_task(&scene, "tasks/get", id);
	CHECK_TEXT(json_get_text(told, "statusMessage", ""), "half of it");
	mcp_call_answer(scene.call, json_pack("{s:[]}", "content"));
	told = of_task(&scene, "tasks/get", id);
	CHECK_TEXT(json_get_text(told, "status", ""), "completed");
	CHECK(json_is_array(json_object_get(json_object_get(told, "result"), "content")));
	CHECK_INT(scene.mcp.n_calls, 0);
	close_scene(&scene);
}

TEST(what_a_task_wants_is_asked_where_its_client_looks)
{
	struct scene scene;
	CLEANUP(text) char *id = NULL;
	const json_t *told;

	open_scene(&scene);
	id = call(&scene);
	mcp_call_ask(scene.call,
		     json_pack("{s:{s:s}, s:{s:s}}", "a", "method", "elicitation/create", "b",
			       "method", "elicitation/create"),
		     "asked");
	told = of_task(&scene, "tasks/get", id);
	CHECK_TEXT(json_get_text(told, "status", ""), "input_required");
	CHECK_INT(json_object_size(json_object_get(told, "inputRequests")), 2);
	{
		CLEANUP(text)
		char *part = json_fill(
			"\"taskId\":$s,\"inputResponses\":{\"a\":{\"x\":1},\"c\":{}}", id);
		CLEANUP(text)
		char *rest = json_fill("\"taskId\":$s,\"inputResponses\":{\"b\":{\"x\":2}}", id);

		CHECK(ask(&scene, "tasks/update", part));
		told = of_task(&scene, "tasks/get", id);
		CHECK_INT(json_object_size(json_object_get(told, "inputRequests")), 1);
		CHECK(ask(&scene, "tasks/update", rest));
	}
	CHECK_INT(json_object_size(mcp_call_answers(scene.call)), 2);
	CHECK_TEXT(mcp_call_state(scene.call), "asked");
	CHECK_TEXT(json_get_text(of_task(&scene, "tasks/get", id), "status", ""), "working");
	close_scene(&scene);
	CHECK_INT(scene.n_cancelled, 1);
}

TEST(a_cancelled_task_is_cancelled_once_and_stays_so)
{
	struct scene scene;
	CLEANUP(text) char *id = NULL;

	open_scene(&scene);
	id = call(&scene);
	/* Its request is answered: neither that nor a client that goes is about it any more. */
	mcp_leave(&scene.mcp, NULL);
	CHECK_INT(scene.n_cancelled, 0);
	CHECK(of_task(&scene, "tasks/cancel", id));
	CHECK(of_task(&scene, "tasks/cancel", id));
	CHECK_INT(scene.n_cancelled, 1);
	CHECK_TEXT(json_get_text(of_task(&scene, "tasks/get", id), "status", ""), "cancelled");
	CHECK(!of_task(&scene, "tasks/get", "0123"));
	CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	close_scene(&scene);
}

TEST(so_many_tasks_and_no_more)
{
	struct scene scene;

	open_scene(&scene);
	for (unsigned i = 0; i < MCP_MAX_TASKS; i++) {
		CLEANUP(text) char *id = call(&scene);

		CHECK(id);
		mcp_call_answer(scene.call, json_object());
	}
	/* The next is waited for. */
	CHECK_INT(scene.n_waited, 0);
	(void)ask(&scene, "tools/call", "\"name\":\"tool\"");
	CHECK_INT(scene.n_waited, 1);
	mcp_call_answer(scene.call, json_pack("{s:s}", "hello", "Ada"));
	CHECK_TEXT(json_get_text(json_object_get(scene.said, "result"), "hello", ""), "Ada");
	close_scene(&scene);
}

TEST(outcomes_are_kept_up_to_so_many_bytes)
{
	struct scene scene;
	CLEANUP(text) char *big = calloc(1, MCP_TASK_MAX_BYTES / 2 + 1);
	CLEANUP(text) char *one = NULL;
	CLEANUP(text) char *two = NULL;

	CHECK(big);
	memset(big, 'x', MCP_TASK_MAX_BYTES / 2);
	open_scene(&scene);
	one = call(&scene);
	mcp_call_answer(scene.call, json_pack("{s:s}", "text", big));
	two = call(&scene);
	mcp_call_answer(scene.call, json_pack("{s:s}", "text", big));
	CHECK_TEXT(json_get_text(of_task(&scene, "tasks/get", one), "status", ""), "completed");
	CHECK_TEXT(json_get_text(of_task(&scene, "tasks/get", two), "status", ""), "failed");
	close_scene(&scene);
}

TEST(a_task_is_forgotten_when_its_time_is_over)
{
	struct scene scene;
	CLEANUP(text) char *id = NULL;

	open_scene(&scene);
	scene.mcp.task_ttl_ns = 1;
	id = call(&scene);
	CHECK(id);
	CHECK(!of_task(&scene, "tasks/get", id));
	CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	CHECK_INT(scene.n_cancelled, 1);
	CHECK(!mcp_has_tasks(&scene.mcp));
	close_scene(&scene);
}
