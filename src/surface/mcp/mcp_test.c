#include "surface/mcp/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"

#define ALONE                                                                    \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	"\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}}"

/* An offer of many tools; the one call asks a name, and then greets. */
struct scene {
	struct mcp mcp;
	struct mcp_offer offer;
	struct mcp_peer peer;
	json_t *tools, *said; /* the last message */
	unsigned n_said, n_cancelled;
};

static void say(void *data, void *exchange UNUSED, const struct mcp_word *word)
{
	struct scene *scene = data;
	struct error err = { 0 };

	json_decref(scene->said);
	scene->said = json_parse(word->text, strlen(word->text), MIB, &err);
	CHECK(scene->said);
	scene->n_said++;
}

static void start(struct mcp_call *call)
{
	const json_t *answer = json_object_get(mcp_call_answers(call), "who");

	if (answer)
		mcp_call_answer(call,
				json_pack("{s:s}", "hello", json_get_text(answer, "name", "?")));
	else if (mcp_call_can_ask(call, "elicitation"))
		mcp_call_ask(call,
			     json_pack("{s:{s:s, s:{}}}", "who", "method", "elicitation/create",
				       "params"),
			     "asked once");
	else if (mcp_call_arguments(call))
		mcp_call_refuse_incapable(call, "elicitation");
}

static void cancel(struct mcp_call *call)
{
	struct scene *scene = mcp_call_offer(call)->data;

	scene->n_cancelled++;
}

static void open_scene(struct scene *scene, unsigned n_tools)
{
	*scene = (struct scene) { .tools = json_array() };
	for (unsigned i = 0; i < n_tools; i++) {
		char name[32];

		text_format(name, sizeof(name), "tool-%u", i);
		json_push(scene->tools, json_pack("{s:s}", "name", name));
	}
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

static void take(struct scene *scene, const char *text)
{
	mcp_take(&scene->mcp, NULL, text, strlen(text));
}

static void begin(struct scene *scene, const char *capabilities)
{
	CLEANUP(text)
	char *text = json_fill("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
			       "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":$j}}",
			       capabilities);

	take(scene, text);
}

static const json_t *result(const struct scene *scene)
{
	return json_object_get(scene->said, "result");
}

static int code(const struct scene *scene)
{
	return (int)json_get_int(json_object_get(scene->said, "error"), "code", 0);
}

static void ask_page(struct scene *scene, const char *cursor)
{
	CLEANUP(text)
	char *text = json_fill("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\","
			       "\"params\":{\"cursor\":$s}}",
			       cursor);

	take(scene, text);
}

TEST(a_long_list_comes_in_pages)
{
	struct scene scene;
	unsigned n_tools = 0, n_pages = 1;

	open_scene(&scene, 450);
	begin(&scene, "{}");
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	for (;; n_pages++) {
		CLEANUP(json)
		json_t *cursor = json_incref(json_object_get(result(&scene), "nextCursor"));

		n_tools += (unsigned)json_array_size(json_object_get(result(&scene), "tools"));
		if (!cursor)
			break;
		ask_page(&scene, json_string_value(cursor));
	}
	CHECK_INT(n_pages, 3);
	CHECK_INT(n_tools, 450);
	close_scene(&scene);
}

TEST(a_cursor_of_nobody_is_refused)
{
	/* "", "x", "0", "450", "200 ", and no text of base64 at all */
	static const char *const bad[] = { "", "eA==", "MA==", "NDUw", "MjAwIA==", "!", "MjAw=" };
	struct scene scene;

	open_scene(&scene, 450);
	begin(&scene, "{}");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask_page(&scene, bad[i]);
		CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	}
	close_scene(&scene);
}

TEST(an_older_client_is_asked_while_its_request_waits)
{
	struct scene scene;

	open_scene(&scene, 1);
	begin(&scene, "{\"elicitation\":{}}");
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
		     "{\"name\":\"tool-0\"}}");
	CHECK_TEXT(json_get_text(scene.said, "method", ""), "elicitation/create");
	CHECK_INT(scene.mcp.n_calls, 1);
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-7\",\"result\":{\"name\":\"Eve\"}}");
	CHECK_INT(scene.n_said, 2);
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-1\",\"result\":{\"name\":\"Ada\"}}");
	CHECK_TEXT(json_get_text(result(&scene), "hello", ""), "Ada");
	CHECK_INT(scene.mcp.n_calls, 0);
	close_scene(&scene);
}

static void come_back(struct scene *scene, const char *state, const char *arguments)
{
	CLEANUP(text)
	char *text = json_fill("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":"
			       "{\"name\":\"tool-0\",\"arguments\":$j,\"requestState\":$s,"
			       "\"inputResponses\":{\"who\":{\"name\":\"Ada\"}}," ALONE "}}",
			       arguments, state);

	take(scene, text);
}

TEST(a_client_that_stands_alone_brings_its_answers_and_our_state_back)
{
	struct scene scene;
	CLEANUP(text) char *sealed = NULL;

	open_scene(&scene, 1);
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
		     "{\"name\":\"tool-0\",\"arguments\":{\"a\":1}," ALONE "}}");
	CHECK_TEXT(json_get_text(result(&scene), "resultType", ""), "input_required");
	CHECK_INT(scene.mcp.n_calls, 0);
	sealed = strdup(json_get_text(result(&scene), "requestState", ""));
	come_back(&scene, sealed, "{\"a\":1}");
	CHECK_TEXT(json_get_text(result(&scene), "hello", ""), "Ada");
	come_back(&scene, sealed, "{\"a\":2}"); /* of another call */
	CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	for (size_t i = 0; sealed[i]; i++) {
		char kept = sealed[i];

		sealed[i] = kept == 'A' ? 'B' : 'A';
		come_back(&scene, sealed, "{\"a\":1}");
		CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
		sealed[i] = kept;
	}
	close_scene(&scene);
}

TEST(states_of_another_server_are_none)
{
	struct scene one, other;
	CLEANUP(text) char *sealed = NULL;

	open_scene(&one, 1);
	open_scene(&other, 1);
	take(&one, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
		   "{\"name\":\"tool-0\",\"arguments\":{}," ALONE "}}");
	sealed = strdup(json_get_text(result(&one), "requestState", ""));
	come_back(&other, sealed, "{}");
	CHECK_INT(code(&other), JSONRPC_INVALID_PARAMS);
	close_scene(&one);
	close_scene(&other);
}

TEST(what_nobody_waits_for_is_cancelled)
{
	struct scene scene;

	open_scene(&scene, 1);
	begin(&scene, "{}");
	/* Without arguments and elicitation the call neither asks nor ends. */
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
		     "{\"name\":\"tool-0\"}}");
	take(&scene, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":"
		     "{\"name\":\"tool-0\"}}");
	take(&scene, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
		     "{\"requestId\":2}}");
	CHECK_INT(scene.n_cancelled, 1);
	mcp_leave(&scene.mcp, NULL);
	CHECK_INT(scene.n_cancelled, 2);
	CHECK_INT(scene.mcp.n_calls, 0);
	CHECK_INT(scene.n_said, 1);
	close_scene(&scene);
}
