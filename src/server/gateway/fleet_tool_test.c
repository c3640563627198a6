#include <string.h>

#include "base/test.h"
#include "server/gateway/gateway_internal.h"

#define TOOL(properties)                                                                       \
	"{\"name\":\"look\",\"description\":\"Looks.\",\"outputSchema\":{\"type\":\"array\"}," \
	"\"inputSchema\":{\"type\":\"object\",\"additionalProperties\":false,"                 \
	"\"properties\":" properties "},\"_meta\":{\"constable/timeout_ms\":5000}}"

struct scene {
	json_t *described, *args, *rest;
	struct fleet_choice choice;
	const char *why;
};

static void scene_cleanup(struct scene *scene)
{
	json_decref(scene->described);
	json_decref(scene->args);
	json_decref(scene->rest);
}

static void describe(struct scene *scene, const char *tool)
{
	CLEANUP(json) json_t *listed = json_loads(tool, 0, NULL);

	*scene = (struct scene) { 0 };
	CHECK(listed);
	scene->described = fleet_tool_describe(listed);
}

static bool choose(struct scene *scene, const char *args)
{
	json_decref(scene->args);
	json_decref(scene->rest);
	scene->rest = NULL;
	scene->args = json_loads(args, 0, NULL);
	CHECK(scene->args);
	return fleet_tool_choose(scene->described, scene->args, &scene->choice, &scene->rest,
				 &scene->why);
}

static bool takes(const struct scene *scene, const char *name)
{
	const json_t *schema = json_object_get(scene->described, "inputSchema");

	return json_object_get(json_object_get(schema, "properties"), name);
}

TEST(a_tool_of_hosts_takes_where_and_gives_what_a_fleet_gives)
{
	CLEANUP(scene) struct scene scene;

	describe(&scene, TOOL("{\"path\":{\"type\":\"string\"}}"));
	CHECK(takes(&scene, "path") && takes(&scene, "host") && takes(&scene, "label"));
	CHECK(takes(&scene, "deadline_s") && !takes(&scene, "on_host"));
	CHECK_TEXT(json_get_text(json_object_get(scene.described, "outputSchema"), "type", ""),
		   "object");
}

TEST(what_says_where_is_no_argument_of_the_host)
{
	CLEANUP(scene) struct scene scene;

	describe(&scene, TOOL("{\"path\":{\"type\":\"string\"}}"));
	CHECK(choose(&scene, "{\"path\":\"/x\",\"host\":\"web-1\"}"));
	CHECK_TEXT(scene.choice.host, "web-1");
	CHECK(!scene.choice.label);
	CHECK_INT(json_object_size(scene.rest), 1);
	CHECK_TEXT(json_get_text(scene.rest, "path", ""), "/x");
	CHECK(scene.choice.deadline_ns > 5 * NS_PER_SEC);
	CHECK(choose(&scene, "{\"label\":\"env=prod\",\"deadline_s\":3}"));
	CHECK_TEXT(scene.choice.label, "env=prod");
	CHECK_INT(scene.choice.deadline_ns, 3 * NS_PER_SEC);
	CHECK_INT(json_object_size(scene.rest), 0);
}

TEST(a_tool_keeps_its_own_arguments_of_such_names)
{
	CLEANUP(scene) struct scene scene;

	describe(&scene, TOOL("{\"host\":{\"type\":\"string\"}}"));
	CHECK(takes(&scene, "on_host") && takes(&scene, "on_label") && !takes(&scene, "label"));
	CHECK(choose(&scene, "{\"host\":\"10.0.0.1\",\"on_host\":\"web-1\"}"));
	CHECK_TEXT(scene.choice.host, "web-1");
	CHECK_TEXT(json_get_text(scene.rest, "host", ""), "10.0.0.1");
	CHECK(!choose(&scene, "{\"host\":\"10.0.0.1\"}"));
}

TEST(whoever_does_not_say_where_is_told_how)
{
	CLEANUP(scene) struct scene scene;
	static const char *const refused[] = {
		"{}",
		"{\"host\":\"a\",\"label\":\"b=c\"}",
		"{\"host\":7}",
		"{\"host\":\"\"}",
		"{\"label\":null}",
		"{\"host\":\"a\",\"deadline_s\":0}",
		"{\"host\":\"a\",\"deadline_s\":3601}",
		"{\"host\":\"a\",\"deadline_s\":\"5\"}",
		"{\"host\":\"a\",\"deadline_s\":1e300}",
		"{\"host\":\"a\",\"deadline_s\":9223372036854775807}",
	};

	describe(&scene, TOOL("{}"));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (choose(&scene, refused[i]) || !scene.why || scene.rest)
			FAIL("taken: %s", refused[i]);
}

TEST(what_a_host_lists_that_is_no_tool_is_left_out)
{
	static const char *const listed[] = {
		"{}",
		"[]",
		"7",
		"{\"name\":\"a\"}",
		"{\"name\":\"\",\"inputSchema\":{}}",
		"{\"name\":\"a\",\"inputSchema\":[]}",
		"{\"name\":\"a\",\"inputSchema\":{\"properties\":[]}}",
		"{\"name\":\"a\",\"inputSchema\":{},\"_meta\":7}",
		"{\"name\":\"A B\",\"inputSchema\":{}}"
	};

	for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
		CLEANUP(json) json_t *tool = json_loads(listed[i], JSON_DECODE_ANY, NULL);
		CLEANUP(json) json_t *described = fleet_tool_describe(tool);

		if (described)
			FAIL("described: %s", listed[i]);
	}
}

TEST(what_only_a_host_knows_is_not_believed_to_change_nothing)
{
	CLEANUP(json)
	json_t *tool = json_loads("{\"name\":\"a\",\"inputSchema\":{},\"title\":\"x\","
				  "\"annotations\":{\"readOnlyHint\":true}}",
				  0, NULL);
	CLEANUP(json) json_t *stranger = fleet_tool_of_stranger(tool);
	const json_t *hints = json_object_get(stranger, "annotations");

	CHECK(!json_get_bool(hints, "readOnlyHint", true));
	CHECK(json_get_bool(hints, "destructiveHint", false));
	CHECK(!json_object_get(stranger, "title"));
}

TEST(a_stranger_with_endless_arguments_is_no_tool)
{
	static char text[65 * KIB];
	CLEANUP(json) json_t *tool = json_loads("{\"name\":\"odd\",\"inputSchema\":{}}", 0, NULL);
	json_t *schema = json_object_get(tool, "inputSchema");
	CLEANUP(json) json_t *stranger = fleet_tool_of_stranger(tool);

	CHECK(stranger);
	memset(text, 'x', sizeof(text) - 1);
	json_put(schema, "description", json_string(text));
	CHECK(!fleet_tool_of_stranger(tool));
}
