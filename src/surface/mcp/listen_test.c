#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "surface/mcp/mcp.h"

#define SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

/* An offer of one tool and some resources, of which it tells those that begin with "w:". */
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

static bool watch(void *data UNUSED, const char *uri)
{
	return strncmp(uri, "w:", 2) == 0;
}

static void start(struct mcp_call *call UNUSED)
{
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
					    .prompts = scene->tools,
					    .resources = scene->tools,
					    .kinds = 1u << MCP_TOOL,
					    .watch = watch,
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

static void take(struct scene *scene, void *exchange, const char *text)
{
	mcp_take(&scene->mcp, exchange, text, strlen(text));
}

static void listen_to(struct scene *scene, void *exchange, const char *id, const char *wishes)
{
	CLEANUP(text)
	char *text = json_fill("{\"jsonrpc\":\"2.0\",\"id\":$s,\"method\":\"subscriptions/listen\","
			       "\"params\":{\"notifications\":$j,\"_meta\":{"
			       "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
			       "\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
			       id, wishes);

	take(scene, exchange, text);
}

static const char *method(const struct scene *scene)
{
	return json_get_text(scene->said, "method", "");
}

static const json_t *params(const struct scene *scene)
{
	return json_object_get(scene->said, "params");
}

static int code(const struct scene *scene)
{
	return (int)json_get_int(json_object_get(scene->said, "error"), "code", 0);
}

/* By which of the client's requests the last message came. */
static const char *subscription(const struct scene *scene)
{
	return json_get_text(json_object_get(params(scene), "_meta"), SUBSCRIPTION, "");
}

static void check_granted(const struct scene *scene, const char *expected)
{
	CLEANUP(text)
	char *granted = json_canonical(json_object_get(params(scene), "notifications"));

	CHECK_TEXT(method(scene), "notifications/subscriptions/acknowledged");
	CHECK_TEXT(granted, expected);
}

TEST(who_listens_is_granted_what_there_is)
{
	struct scene scene;

	open_scene(&scene);
	listen_to(&scene, &scene, "a",
		  "{\"toolsListChanged\":true,\"promptsListChanged\":true,\"resourcesListChanged\":"
		  "false,\"resourceSubscriptions\":[\"w:1\",7,\"other\",\"w:1\",\"w:2\"],"
		  "\"taskIds\":[\"none\"],\"weather\":true}");
	check_granted(&scene, "{\"resourceSubscriptions\":[\"w:1\",\"w:2\"],\"toolsListChanged\":"
			      "true}");
	CHECK_TEXT(subscription(&scene), "a");
	scene.offer.prompts_change = true;
	listen_to(&scene, &scene, "b",
		  "{\"promptsListChanged\":true,\"toolsListChanged\":\"yes\","
		  "\"resourceSubscriptions\":\"w:1\"}");
	check_granted(&scene, "{\"promptsListChanged\":true}");
	scene.offer.watch = NULL;
	listen_to(&scene, &scene, "c", "{\"resourceSubscriptions\":[\"w:1\"]}");
	check_granted(&scene, "{}");
	listen_to(&scene, &scene, "d", "[]");
	CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	close_scene(&scene);
	CHECK_INT(scene.n_cancelled, 0);
}

TEST(only_what_was_granted_is_told)
{
	struct scene scene;
	unsigned n;

	open_scene(&scene);
	listen_to(&scene, &scene, "a", "{\"resourceSubscriptions\":[\"w:1\"]}");
	listen_to(&scene, &scene, "b", "{\"toolsListChanged\":true,\"promptsListChanged\":true}");
	n = scene.n_said;
	mcp_tell_updated(&scene.mcp, "w:2");
	mcp_tell_updated(&scene.mcp, "w:");
	mcp_tell_changed(&scene.mcp, "resources");
	mcp_tell_changed(&scene.mcp, "prompts"); /* which this offer does not claim to change */
	CHECK_INT(scene.n_said, n);
	mcp_tell_updated(&scene.mcp, "w:1");
	CHECK_TEXT(method(&scene), "notifications/resources/updated");
	CHECK_TEXT(json_get_text(params(&scene), "uri", ""), "w:1");
	CHECK_TEXT(subscription(&scene), "a");
	mcp_tell_changed(&scene.mcp, "tools");
	CHECK_TEXT(method(&scene), "notifications/tools/list_changed");
	CHECK_TEXT(subscription(&scene), "b");
	CHECK_INT(scene.n_said, n + 2);
	close_scene(&scene);
}

TEST(a_listener_that_is_ended_gets_its_result)
{
	struct scene scene;
	char one, other;
	unsigned n;

	open_scene(&scene);
	listen_to(&scene, &one, "a", "{\"toolsListChanged\":true}");
	listen_to(&scene, &other, "b", "{\"toolsListChanged\":true}");
	mcp_take_leave(&scene.mcp, &one);
	CHECK_TEXT(json_get_text(scene.said, "id", ""), "a");
	CHECK_TEXT(json_get_text(json_object_get(json_object_get(scene.said, "result"), "_meta"),
				 SUBSCRIPTION, ""),
		   "a");
	CHECK_TEXT(json_get_text(json_object_get(scene.said, "result"), "resultType", ""),
		   "complete");
	n = scene.n_said;
	mcp_leave(&scene.mcp, &other); /* who went himself is told nothing */
	mcp_tell_changed(&scene.mcp, "tools");
	CHECK_INT(scene.n_said, n);
	CHECK_INT(scene.mcp.n_calls, 0);
	close_scene(&scene);
}

TEST(listeners_have_a_limit_and_leave_room_for_calls)
{
	struct scene scene;
	char id[16];

	open_scene(&scene);
	for (unsigned i = 0; i < MCP_MAX_LISTENERS; i++) {
		text_format(id, sizeof(id), "%u", i);
		listen_to(&scene, &scene, id, "{\"toolsListChanged\":true}");
		check_granted(&scene, "{\"toolsListChanged\":true}");
	}
	listen_to(&scene, &scene, "more", "{\"toolsListChanged\":true}");
	CHECK_INT(code(&scene), JSONRPC_INTERNAL_ERROR);
	CHECK(scene.mcp.n_calls < MCP_MAX_CALLS / 2);
	close_scene(&scene);
}

TEST(what_one_listener_watches_has_a_limit)
{
	struct scene scene;
	CLEANUP(json) json_t *uris = json_array(), *wishes = NULL;
	CLEANUP(text) char *text = NULL;
	char uri[MCP_URI_MAX_BYTES + 8];

	for (unsigned i = 0; i < MCP_MAX_WATCHED * 2; i++) {
		text_format(uri, sizeof(uri), "w:%u", i);
		json_push(uris, json_string(uri));
	}
	wishes = json_pack("{s:O}", "resourceSubscriptions", uris);
	text = json_canonical(wishes);
	open_scene(&scene);
	listen_to(&scene, &scene, "a", text);
	CHECK_INT(json_array_size(json_object_get(json_object_get(params(&scene), "notifications"),
						  "resourceSubscriptions")),
		  MCP_MAX_WATCHED);
	memset(uri, 'w', sizeof(uri) - 1);
	uri[1] = ':';
	uri[sizeof(uri) - 1] = '\0';
	json_decref(wishes);
	free(text);
	wishes = json_pack("{s:[s]}", "resourceSubscriptions", uri);
	text = json_canonical(wishes);
	listen_to(&scene, &scene, "b", text);
	check_granted(&scene, "{}");
	close_scene(&scene);
}

static void watch_in_session(struct scene *scene, const char *verb, const char *uri)
{
	CLEANUP(text)
	char *text =
		json_fill("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/$j\",\"params\":{"
			  "\"uri\":$s}}",
			  verb, uri);

	take(scene, scene, text);
}

TEST(a_session_watches_resources_until_it_does_not)
{
	struct scene scene;
	unsigned n;

	open_scene(&scene);
	take(&scene, &scene,
	     "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
	     "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}");
	watch_in_session(&scene, "subscribe", "other");
	CHECK_INT(code(&scene), JSONRPC_INVALID_PARAMS);
	watch_in_session(&scene, "subscribe", "w:1");
	watch_in_session(&scene, "subscribe", "w:1");
	CHECK_INT(code(&scene), 0);
	n = scene.n_said;
	mcp_tell_updated(&scene.mcp, "w:2");
	CHECK_INT(scene.n_said, n);
	mcp_tell_updated(&scene.mcp, "w:1");
	CHECK_INT(scene.n_said, n + 1);
	CHECK_TEXT(method(&scene), "notifications/resources/updated");
	CHECK(!json_object_get(params(&scene), "_meta"));
	watch_in_session(&scene, "unsubscribe", "w:1");
	watch_in_session(&scene, "unsubscribe", "w:1");
	CHECK_INT(code(&scene), 0);
	n = scene.n_said;
	mcp_tell_updated(&scene.mcp, "w:1");
	CHECK_INT(scene.n_said, n);
	for (unsigned i = 0; i <= MCP_MAX_WATCHED; i++) {
		char uri[16];

		text_format(uri, sizeof(uri), "w:%u", i);
		watch_in_session(&scene, "subscribe", uri);
		CHECK_INT(code(&scene), i < MCP_MAX_WATCHED ? 0 : JSONRPC_INVALID_PARAMS);
	}
	close_scene(&scene);
}
